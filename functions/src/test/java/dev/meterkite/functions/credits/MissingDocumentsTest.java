package dev.meterkite.functions.credits;

import static dev.meterkite.functions.credits.Desk.HOSTED;
import static dev.meterkite.functions.credits.Desk.key;
import static dev.meterkite.functions.credits.Desk.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import dev.meterkite.functions.hosted.Hosted;
import java.net.http.HttpResponse;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A 404 names the document that is missing, and what to do about it. */
class MissingDocumentsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "credits.DebitCredits | {'user_id':'no-1','amount':1} | users/no-1 | register-user",
        "credits.GrantCredits | {'user_id':'no-1','amount':1,'type':'purchase'} | users/no-1"
            + " | register-user",
        "credits.HoldCredits | {'user_id':'no-1','amount':1} | users/no-1 | register-user",
        "credits.HoldCredits | {'user_id':'no-1','amount':1,'job_id':'j'} | users/no-1"
            + " | register-user",
        "credits.SettleHold | {'hold_id':'no-2','action':'release'} | credit_holds/no-2"
            + " | hold-credits",
        "credits.RefundCredits | {'transaction_id':'no-3','reason':'r'} | credit_transactions/no-3"
            + " | credit-statement",
        "credits.CreditStatement | user_id=no-1 | users/no-1 | register-user",
        "quotas.ReserveQuota | {'provider':'openai','model_id':'no-4','tokens':1}"
            + " | model_quotas/openai_no-4 | model_catalog",
        "alerts.AcknowledgeAlert | {'alert_id':'no-5'} | model_router_alerts/no-5 | list-alerts",
        "customers.SetFeatureFlag | {'customer_id':'no-6','flag':'tactile','value':true}"
            + " | customers/no-6 | register-customer",
        "customers.CustomerConfig | scene_id=no-7 | scenes/no-7 | Firestore"
      })
  void missingDocument_isNamed(String function, String input, String document, String hint)
      throws ClassNotFoundException {
    Class<?> type = Class.forName("dev.meterkite.functions." + function);
    String role = function.matches("alerts.*|customers.Set.*") ? "admin" : "service";
    HttpResponse<String> answer =
        input.startsWith("{")
            ? HOSTED.post(type, role, key(), input.replace('\'', '"'))
            : HOSTED.get(type, role, input);
    JsonObject problem = refused(answer, 404, "not_found");
    String detail = problem.get("detail").getAsString();
    assertTrue(detail.startsWith("There is no " + document + "; "), detail);
    assertTrue(detail.contains(hint), detail);
    assertEquals(
        document, problem.get("collection").getAsString() + "/" + problem.get("id").getAsString());
  }

  /** Whose hold it was is gone: the user is what is missing. */
  @ParameterizedTest
  @CsvSource({"release", "capture"})
  void holdOfAUserThatIsGone_namesTheUser(String action) {
    Hosted hosted = HOSTED;
    String hold = "hold-" + key();
    hosted.set("credit_holds", hold, java.util.Map.of("user_id", "no-8", "status", "held"));
    JsonObject problem =
        refused(
            Desk.call(
                SettleHold.class, key(), "{'hold_id':'" + hold + "','action':'" + action + "'}"),
            404,
            "not_found");
    assertEquals("no-8", problem.get("id").getAsString());
  }

  @ParameterizedTest
  @CsvSource({"nonsense", "b3BlbmFp.00000000-0000-0000-0000-000000000000"})
  void reservationThatDoesNotExist_saysWhatMakesOne(String id) {
    JsonObject problem =
        refused(
            Desk.call(
                dev.meterkite.functions.quotas.SettleQuota.class,
                key(),
                "{'reservation_id':'" + id + "','tokens':1}"),
            404,
            "not_found");
    assertTrue(problem.get("detail").getAsString().contains("reserve-quota"), problem::toString);
  }
}

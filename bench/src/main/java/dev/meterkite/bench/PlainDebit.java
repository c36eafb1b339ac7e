package dev.meterkite.bench;

import com.google.cloud.Timestamp;
import com.google.cloud.firestore.DocumentReference;
import com.google.cloud.firestore.DocumentSnapshot;
import com.google.cloud.firestore.FieldValue;
import com.google.cloud.firestore.Firestore;
import com.google.cloud.firestore.FirestoreOptions;
import com.google.cloud.firestore.Transaction;
import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.http.Role;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Users;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;

/**
 * The baseline: a debit as the client library's documentation writes one, a read-modify-write
 * transaction of the balance and a transaction document named by the idempotency key. The same edge
 * as the real function stands before it, so tokens, bodies and logs cost the same. It keeps no
 * lots, no holds, no chain of hashes and no refusals.
 */
public final class PlainDebit implements HttpFunction {
  private final Edge edge;
  private final Firestore firestore;
  private final Endpoint<Debit> endpoint;

  private record Debit(String userId, long amount) {
    static Debit parse(Fields fields) {
      return new Debit(fields.id("user_id"), fields.integer("amount", 1, Ledger.MAX_BALANCE));
    }
  }

  /** For the platform. */
  public PlainDebit() {
    Settings settings = Settings.ofProcess();
    FirestoreOptions.Builder options =
        FirestoreOptions.newBuilder().setProjectId(settings.project().orElseThrow());
    settings.firestoreEmulatorHost().ifPresent(options::setEmulatorHost);
    edge = Edge.of(settings);
    firestore = options.build().getService();
    endpoint =
        Endpoint.post("plain-debit")
            .roles(Role.SERVICE)
            .keyRequired()
            .fields(Debit::parse)
            .answer(this::debit);
  }

  private Answer debit(Call<Debit> call) {
    try {
      return firestore.runTransaction(transaction -> debit(transaction, call)).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the transaction failed", e);
    }
  }

  private Answer debit(Transaction transaction, Call<Debit> call)
      throws InterruptedException, ExecutionException {
    Debit debit = call.request();
    DocumentReference user = firestore.collection(Users.COLLECTION).document(debit.userId());
    UUID id = UUID.nameUUIDFromBytes(call.requiredKey().getBytes(StandardCharsets.UTF_8));
    DocumentReference record =
        firestore.collection(CreditTransactions.COLLECTION).document(id.toString());
    List<DocumentSnapshot> seen = transaction.getAll(user, record).get();
    if (seen.get(1).exists()) {
      return Answer.ok(Map.of("transaction_id", id.toString()));
    }
    Long balance = seen.get(0).getLong(Users.CREDITS_BALANCE);
    if (balance == null || balance < debit.amount()) {
      return Answer.problem(Problem.of(402, "insufficient_credits", "Less is available."));
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(CreditTransactions.USER_ID, debit.userId());
    fields.put(CreditTransactions.AMOUNT, -debit.amount());
    fields.put(CreditTransactions.BALANCE_AFTER, balance - debit.amount());
    fields.put(CreditTransactions.CREATED_AT, Timestamp.of(java.util.Date.from(Instant.now())));
    transaction.update(user, Users.CREDITS_BALANCE, FieldValue.increment(-debit.amount()));
    transaction.create(record, fields);
    return Answer.ok(Map.of("transaction_id", id.toString(), "balance", balance - debit.amount()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}

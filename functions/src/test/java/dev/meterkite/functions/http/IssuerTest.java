package dev.meterkite.functions.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JWSAlgorithm;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IssuerTest {
  private static final String GOOGLE =
      """
      {"issuer": "https://accounts.google.com",
       "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
       "audiences": ["https://a.example"], "kind": "google"}""";

  @Test
  void issuerWithoutAlgorithms_takesRs256Alone() {
    List<Issuer> issuers = Issuer.parse("[" + GOOGLE + "]");
    assertEquals(1, issuers.size());
    assertEquals(Set.of(JWSAlgorithm.RS256), issuers.get(0).algorithms());
    assertEquals(Issuer.Kind.GOOGLE, issuers.get(0).kind());
    assertEquals(List.of(), Issuer.parse("[]"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "[1]",
        "[{}]",
        "nonsense",
        "[[]]",
        "[{\"issuer\":\"i\",\"jwks_uri\":\"http://keys.example/k\",\"audiences\":[\"a\"],\"kind\":\"google\"}]",
        "[{\"issuer\":\"i\",\"jwks_uri\":\"https://keys.example/k\",\"kind\":\"google\"}]",
        "[{\"issuer\":\"i\",\"jwks_uri\":\"https://keys.example/k\",\"audiences\":[\"a\"],\"kind\":\"local\"}]",
        "[{\"issuer\":\"i\",\"jwks_uri\":\"https://keys.example/k\",\"audiences\":[\"a\"],\"kind\":\"other\"}]",
        "[{\"issuer\":\"\",\"jwks_uri\":\"https://keys.example/k\",\"audiences\":[\"a\"],\"kind\":\"google\"}]",
        "[{\"issuer\":\"i\",\"jwks_uri\":\"keys\",\"audiences\":[\"a\"],\"kind\":\"google\"}]",
        "[{\"issuer\":\"i\",\"jwks_uri\":\"https://keys.example/k\",\"audience\":[\"a\"],\"kind\":\"google\"}]",
        "[{\"issuer\":\"i\",\"jwks_uri\":\"https://keys.example/k\",\"audiences\":[\"a\"],\"algorithms\":[\"HS256\"],\"kind\":\"google\"}]",
        "[{\"issuer\":\"i\",\"jwks_uri\":\"https://keys.example/k\",\"audiences\":[\"a\"],\"algorithms\":[\"none\"],\"kind\":\"google\"}]",
        "[{\"issuer\":\"i\",\"jwks_uri\":\"https://keys.example/k\",\"audiences\":[\"a\"],\"algorithms\":[],\"kind\":\"google\"}]"
      })
  void unusableSetting_failsNamingTheVariable(String setting) {
    var failure = assertThrows(IllegalArgumentException.class, () -> Issuer.parse(setting));
    assertTrue(failure.getMessage().startsWith("TOKEN_ISSUERS"), failure::getMessage);
  }

  @Test
  void issuerGivenTwice_fails() {
    String twice = "[" + GOOGLE + "," + GOOGLE + "]";
    assertThrows(IllegalArgumentException.class, () -> Issuer.parse(twice));
  }
}

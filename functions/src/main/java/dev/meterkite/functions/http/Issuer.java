package dev.meterkite.functions.http;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.nimbusds.jose.JWSAlgorithm;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * One issuer whose tokens are taken.
 *
 * <p>As an element of {@code TOKEN_ISSUERS}: {@code {"issuer": "https://accounts.google.com",
 * "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs", "audiences": ["https://…run.app"],
 * "kind": "google"}}. Other members: {@code azp} and {@code algorithms} (default {@code
 * ["RS256"]}).
 *
 * @param issuer the {@code iss} of its tokens, compared exactly
 * @param jwks where its keys are: https, or http on a loopback address
 * @param audiences one of these must stand in {@code aud}; empty where {@code azp} is checked
 * @param azp one of these must be the {@code azp}; empty where {@code aud} is checked
 * @param algorithms the signatures taken: RS, PS or ES, never a shared secret, never none
 * @param kind what its subjects are
 */
record Issuer(
    String issuer,
    URL jwks,
    Set<String> audiences,
    Set<String> azp,
    Set<JWSAlgorithm> algorithms,
    Kind kind) {

  /** What the subjects of an issuer are, and so which roles its tokens can carry. */
  enum Kind {
    /** Google service accounts: service and scheduler, by verified e-mail or by subject. */
    GOOGLE(true, false),
    /** Firebase users: user, and admin by claim. */
    FIREBASE(false, true),
    /** Clerk users: user, and admin by claim. */
    CLERK(false, true),
    /** The local host's own issuer, for keys on a loopback address only: every role. */
    LOCAL(true, true);

    /** Whether service accounts may be among them. */
    final boolean accounts;

    /** Whether users and admins may be among them. */
    final boolean people;

    Kind(boolean accounts, boolean people) {
      this.accounts = accounts;
      this.people = people;
    }

    private static Kind of(String word) {
      for (Kind kind : values()) {
        if (kind.name().toLowerCase(Locale.ROOT).equals(word)) {
          return kind;
        }
      }
      throw new IllegalArgumentException(
          "TOKEN_ISSUERS: kind must be google, firebase, clerk or local");
    }
  }

  private static final Set<JWSAlgorithm> SIGNATURES =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);
  private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "[::1]");
  private static final Set<String> MEMBERS =
      Set.of("issuer", "jwks_uri", "audiences", "azp", "algorithms", "kind");

  Issuer {
    audiences = Set.copyOf(audiences);
    azp = Set.copyOf(azp);
    algorithms = Set.copyOf(algorithms);
    boolean loopback = LOOPBACK.contains(jwks.getHost());
    require(!issuer.isEmpty(), "issuer must not be empty");
    require(jwks.getProtocol().equals("https") || loopback, "jwks_uri must be https");
    require(loopback || kind != Kind.LOCAL, "kind local must have its jwks_uri on this machine");
    require(
        !audiences.isEmpty() || !azp.isEmpty() || kind == Kind.LOCAL,
        "audiences or azp must be given, or tokens made for others would be taken");
    require(
        !algorithms.isEmpty() && SIGNATURES.containsAll(algorithms),
        "algorithms must be of RS256 to RS512, PS256 to PS512, ES256 to ES512");
  }

  /**
   * The issuers of a {@code TOKEN_ISSUERS} setting.
   *
   * @throws IllegalArgumentException if it is no such array, or an issuer stands there twice
   */
  static List<Issuer> parse(String json) {
    List<Issuer> issuers = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>();
    try {
      for (JsonElement element : JsonParser.parseString(json).getAsJsonArray()) {
        Issuer issuer = of(element.getAsJsonObject());
        require(names.add(issuer.issuer()), issuer.issuer() + " is given twice");
        issuers.add(issuer);
      }
    } catch (JsonParseException
        | IllegalStateException
        | UnsupportedOperationException
        | URISyntaxException
        | MalformedURLException e) {
      throw new IllegalArgumentException("TOKEN_ISSUERS: " + e.getMessage(), e);
    }
    return List.copyOf(issuers);
  }

  private static Issuer of(JsonObject object) throws URISyntaxException, MalformedURLException {
    require(MEMBERS.containsAll(object.keySet()), "members are " + MEMBERS);
    Set<JWSAlgorithm> algorithms = new LinkedHashSet<>();
    for (String name : object.has("algorithms") ? list(object, "algorithms") : Set.of("RS256")) {
      algorithms.add(JWSAlgorithm.parse(name));
    }
    URI keys = new URI(text(object, "jwks_uri"));
    require(keys.isAbsolute() && keys.getHost() != null, "jwks_uri must be absolute");
    return new Issuer(
        text(object, "issuer"),
        keys.toURL(),
        list(object, "audiences"),
        list(object, "azp"),
        algorithms,
        Kind.of(text(object, "kind")));
  }

  private static String text(JsonObject object, String member) {
    require(object.has(member), member + " is missing");
    return object.get(member).getAsString();
  }

  private static Set<String> list(JsonObject object, String member) {
    Set<String> list = new LinkedHashSet<>();
    if (object.has(member)) {
      object.get(member).getAsJsonArray().forEach(item -> list.add(item.getAsString()));
    }
    return list;
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException("TOKEN_ISSUERS: " + otherwise);
    }
  }
}

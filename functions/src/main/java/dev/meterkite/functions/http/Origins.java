package dev.meterkite.functions.http;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The origins whose pages a browser lets call the functions, and the headers that say so (CORS).
 *
 * <p>An allowed origin is echoed exactly; there is no {@code *}, and no cookies are taken, since
 * callers are known by their bearer token alone. Every answer of an endpoint for browsers carries
 * {@code Vary: Origin}, errors too, so that a cache never serves one origin the answer of another.
 */
public final class Origins {
  /** No page of another origin may call. */
  public static final Origins NONE = new Origins(Set.of(), false);

  /** In a list of origins: every origin on the machine of the browser, at any port. */
  public static final String LOOPBACK = "loopback";

  /** How long a browser may remember a preflight; Chromium's own maximum. */
  private static final String MAX_AGE_SECONDS = "7200";

  private static final String ALLOWED_HEADERS =
      "Authorization, Content-Type, Idempotency-Key, X-Request-Id, traceparent";
  private static final String EXPOSED_HEADERS =
      "Content-Disposition, Idempotency-Replayed, Retry-After, WWW-Authenticate, X-Request-Id";

  /** A scheme, a host in lower case, a port that is not the scheme's own, and nothing behind. */
  private static final Pattern ORIGIN =
      Pattern.compile("https?://([a-z0-9._-]+|\\[[0-9a-f:.]+])(:[1-9][0-9]{0,4})?");

  private static final Pattern LOOPBACK_HOST =
      Pattern.compile("localhost|.+\\.localhost|127(\\.[0-9]{1,3}){3}|\\[::1]");

  private final Set<String> allowed;
  private final boolean loopback;

  private Origins(Set<String> allowed, boolean loopback) {
    this.allowed = Set.copyOf(allowed);
    this.loopback = loopback;
  }

  /**
   * The origins of a list such as {@code https://app.example.com} and {@code
   * http://localhost:3000}; the word {@code loopback} stands for every loopback origin.
   *
   * @throws IllegalArgumentException that names the first entry that is not an origin
   */
  public static Origins of(Set<String> entries) {
    Set<String> allowed = new HashSet<>();
    boolean loopback = false;
    for (String entry : entries) {
      if (entry.equals(LOOPBACK)) {
        loopback = true;
      } else {
        allowed.add(origin(entry));
      }
    }
    return new Origins(allowed, loopback);
  }

  /** An entry as browsers write it: lower case, without the scheme's own port. */
  private static String origin(String entry) {
    String origin = entry.toLowerCase(Locale.ROOT);
    origin = origin.replaceFirst("^(http://.*):80$", "$1").replaceFirst("^(https://.*):443$", "$1");
    if (!ORIGIN.matcher(origin).matches() || !isUri(origin)) {
      throw new IllegalArgumentException(
          "ALLOWED_ORIGINS must list origins such as https://app.example.com (a scheme, a host, a"
              + " port if it is not the usual one, and nothing else; no *), not: "
              + entry);
    }
    return origin;
  }

  private static boolean isUri(String origin) {
    try {
      URI uri = new URI(origin);
      return uri.getHost() != null && uri.getPort() <= 65_535;
    } catch (URISyntaxException e) {
      return false; // the caller says what is wrong
    }
  }

  /** Whether pages of this origin, as a browser sends it, may call. */
  boolean allows(String origin) {
    return allowed.contains(origin) || (loopback && isLoopback(origin));
  }

  private static boolean isLoopback(String origin) {
    if (!ORIGIN.matcher(origin).matches() || !isUri(origin)) {
      return false;
    }
    String host = URI.create(origin).getHost();
    return LOOPBACK_HOST.matcher(host).matches();
  }

  /**
   * What every answer of an endpoint for browsers carries.
   *
   * @param sent the {@code Origin} headers of the request
   */
  Map<String, String> headers(List<String> sent) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Vary", "Origin");
    if (sent.size() == 1 && allows(sent.get(0))) {
      headers.put("Access-Control-Allow-Origin", sent.get(0));
      headers.put("Access-Control-Expose-Headers", EXPOSED_HEADERS);
    }
    return headers;
  }

  /**
   * What the answer to a preflight carries besides {@link #headers}; nothing for an origin that may
   * not call, whose browser then sends no request.
   */
  Map<String, String> preflight(List<String> sent, Endpoint.Method method) {
    Map<String, String> headers = new LinkedHashMap<>();
    if (sent.size() == 1 && allows(sent.get(0))) {
      headers.put("Access-Control-Allow-Methods", method.name());
      headers.put("Access-Control-Allow-Headers", ALLOWED_HEADERS);
      headers.put("Access-Control-Max-Age", MAX_AGE_SECONDS);
    }
    return headers;
  }
}

package dev.meterkite.functions.http;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * How a sender proves who it is that has no bearer token but signs what it posts, byte for byte.
 *
 * @param header the header that carries the signature
 * @param sender the role that a right signature proves
 * @param check whether a header's value is the signature of a body, both as text; the body's bytes
 *     read as UTF-8
 */
public record BodySignature(String header, Role sender, BiPredicate<String, String> check) {

  /**
   * The caller that the signature proves.
   *
   * @param body the body as it came
   * @param sent all values of the header
   * @throws Refusal 401 for anything but one right signature
   */
  Caller caller(byte[] body, List<String> sent) throws Refusal {
    String text = new String(body, StandardCharsets.UTF_8);
    if (sent.size() != 1 || !check.test(text, sent.get(0))) {
      throw new Refusal(
          Problem.of(401, "unauthenticated", "A valid " + header + " of the body is needed."),
          Map.of("WWW-Authenticate", header));
    }
    return new Caller(Set.of(sender), header);
  }
}

package dev.meterkite.functions.http;

import dev.meterkite.model.schema.Violation;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the query of a request: every parameter once, percent-encoded UTF-8. */
final class QueryString {
  private QueryString() {}

  /**
   * The parameters in their order.
   *
   * @param query what follows the question mark, as it was sent
   * @throws Refusal 400 for a parameter given twice, and for what is no percent-encoded UTF-8
   */
  static Map<String, String> read(String query) throws Refusal {
    if (query.isEmpty()) {
      return Map.of();
    }
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String pair : query.split("&", -1)) {
      if (pair.isEmpty()) {
        continue;
      }
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals));
      String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
      if (parameters.put(name, value) != null) {
        throw new Refusal(
            Problem.invalid(
                List.of(new Violation(Fields.cut(name), "repeated", "is given twice"))));
      }
    }
    return parameters;
  }

  private static String decode(String encoded) throws Refusal {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(encoded.length());
    for (int at = 0; at < encoded.length(); at++) {
      char c = encoded.charAt(at);
      if (c == '%') {
        int high = at + 2 < encoded.length() ? Character.digit(encoded.charAt(at + 1), 16) : -1;
        int low = at + 2 < encoded.length() ? Character.digit(encoded.charAt(at + 2), 16) : -1;
        if (high < 0 || low < 0) {
          throw malformed();
        }
        bytes.write(high * 16 + low);
        at += 2;
      } else if (c < 0x80) {
        bytes.write(c == '+' ? ' ' : c);
      } else {
        throw malformed();
      }
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw malformed();
    }
  }

  private static Refusal malformed() {
    return new Refusal(Problem.invalid("The query is not percent-encoded UTF-8."));
  }
}

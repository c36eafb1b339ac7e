package dev.meterkite.functions.http;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A media type as a {@code Content-Type} header or a CloudEvent's {@code datacontenttype} gives it.
 *
 * <p>Parameters are allowed, in any number and order, with plain or quoted values. Only {@code
 * charset} is interpreted. Example: {@code Application/JSON;profile="a;b"; charset=UTF-8} is {@code
 * application/json} in UTF-8.
 *
 * @param name type and subtype in lower case, such as {@code application/json}
 * @param utf8 whether the text is UTF-8: no charset is given, or each one given is UTF-8 or ASCII,
 *     which is a part of it
 */
record MediaType(String name, boolean utf8) {
  private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]++";
  private static final Pattern NAME = Pattern.compile("[ \\t]*+(" + TOKEN + "/" + TOKEN + ")");
  private static final Pattern PARAMETER =
      Pattern.compile(
          "[ \\t]*+;[ \\t]*+(?:(?<name>"
              + TOKEN
              + ")=(?<value>"
              + TOKEN
              + "|\"(?:[^\"\\\\]|\\\\.)*+\"))?[ \\t]*+");
  private static final Pattern STRUCTURED = Pattern.compile("application/([a-z0-9.-]+\\+)?json");
  private static final Set<String> UTF_8 = Set.of("utf-8", "utf8", "us-ascii", "ascii");

  /** Parses a media type after RFC 9110; empty if the text is not one. */
  static Optional<MediaType> parse(String text) {
    Matcher name = NAME.matcher(text);
    if (!name.lookingAt()) {
      return Optional.empty();
    }
    boolean utf8 = true;
    Matcher parameter = PARAMETER.matcher(text);
    int at = name.end();
    while (at < text.length() && parameter.region(at, text.length()).lookingAt()) {
      utf8 &= !"charset".equalsIgnoreCase(parameter.group("name")) || isUtf8(parameter);
      at = parameter.end();
    }
    return text.substring(at).isBlank()
        ? Optional.of(new MediaType(name.group(1).toLowerCase(Locale.ROOT), utf8))
        : Optional.empty();
  }

  private static boolean isUtf8(Matcher charset) {
    String value = charset.group("value");
    boolean quoted = value.startsWith("\"");
    String word = quoted ? value.substring(1, value.length() - 1).replace("\\", "") : value;
    return UTF_8.contains(word.strip().toLowerCase(Locale.ROOT));
  }

  /** Whether the text has this media type, in UTF-8. */
  static boolean is(String text, String name) {
    return text.equals(name)
        || parse(text).filter(type -> type.utf8() && type.name().equals(name)).isPresent();
  }

  /** Whether the text is a media type of JSON, such as {@code application/vnd.a+json}, in UTF-8. */
  static boolean isJson(String text) {
    return parse(text)
        .filter(type -> type.utf8() && STRUCTURED.matcher(type.name()).matches())
        .isPresent();
  }
}

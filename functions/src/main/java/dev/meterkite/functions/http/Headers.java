package dev.meterkite.functions.http;

import com.google.cloud.functions.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The headers of one request, by name in whatever case it was sent; read once, since the invoker
 * copies all of them each time it is asked.
 */
final class Headers {
  private final Map<String, List<String>> values = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

  private Headers() {}

  static Headers of(HttpRequest request) {
    Headers headers = new Headers();
    request
        .getHeaders()
        .forEach(
            (name, sent) ->
                headers.values.computeIfAbsent(name, first -> new ArrayList<>(1)).addAll(sent));
    return headers;
  }

  /** All values of a header in the order sent; empty where it was not. */
  List<String> all(String name) {
    return values.getOrDefault(name, List.of());
  }

  /** Its first value. */
  Optional<String> first(String name) {
    List<String> sent = all(name);
    return sent.isEmpty() ? Optional.empty() : Optional.of(sent.get(0));
  }
}

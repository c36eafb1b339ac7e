package dev.meterkite.functions.http;

import com.google.cloud.functions.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The headers of one request, by name in whatever case it was sent; read once, since the invoker
 * copies all of them each time it is asked.
 */
final class Headers {
  private final Map<String, List<String>> values;

  private Headers(Map<String, List<String>> values) {
    this.values = values;
  }

  static Headers of(HttpRequest request) {
    Map<String, List<String>> sent = request.getHeaders();
    return new Headers(ignoresCase(sent) ? sent : ignoringCase(sent));
  }

  /** Whether a map finds names in any case, as the invoker's does. */
  private static boolean ignoresCase(Map<String, ?> map) {
    return map instanceof SortedMap<String, ?> sorted
        && String.CASE_INSENSITIVE_ORDER.equals(sorted.comparator());
  }

  private static Map<String, List<String>> ignoringCase(Map<String, List<String>> map) {
    Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    map.forEach(
        (name, sent) -> all.computeIfAbsent(name, first -> new ArrayList<>(1)).addAll(sent));
    return all;
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

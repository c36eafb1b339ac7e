package dev.meterkite.model.prices;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Providers' own usage objects: the table is {@code provider-usage.txt}. */
class ProviderUsageTest {
  private static final Path TABLE = Path.of("src/test/resources/provider-usage.txt");

  @Test
  void everyForm_isBroughtToOurQuantities() throws IOException {
    List<String> lines =
        Files.readAllLines(TABLE).stream().filter(line -> !line.isEmpty()).toList();
    List<String> wrong = new ArrayList<>();
    int rows = 0;
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).startsWith("#")) {
        continue;
      }
      int brace = lines.get(i).indexOf('{');
      String name = lines.get(i).substring(0, brace);
      String found =
          shown(ProviderUsage.of((Map<?, ?>) new Json(lines.get(i).substring(brace)).value()));
      String expected = lines.get(++i).substring(2);
      rows++;
      if (!expected.equals(found)) {
        wrong.add(name + found + ", not " + expected);
      }
    }
    assertEquals(List.of(), wrong);
    assertTrue(rows > 30, () -> "the table is short");
  }

  private static String shown(ProviderUsage.Result result) {
    if (result instanceof ProviderUsage.Result.Fault fault) {
      return "fault " + fault.member();
    }
    ProviderUsage.Result.Read read = (ProviderUsage.Result.Read) result;
    List<String> parts = new ArrayList<>();
    EnumMap<CallUsage.Quantity, BigDecimal> sorted = new EnumMap<>(CallUsage.Quantity.class);
    sorted.putAll(read.quantities());
    sorted.forEach((quantity, count) -> parts.add(quantity.field() + " " + count.toPlainString()));
    if (read.service() != null) {
      parts.add("service " + read.service().wire());
    }
    if (read.searchSize() != null) {
      parts.add("search_size " + read.searchSize().wire());
    }
    return String.join(", ", parts);
  }

  /** Enough of JSON for the table. */
  private static final class Json {
    private final String text;
    private int at;

    Json(String text) {
      this.text = text;
    }

    Object value() {
      char c = text.charAt(at);
      if (c == '{') {
        Map<String, Object> map = new LinkedHashMap<>();
        while (text.charAt(at) != '}') {
          at++;
          String name = (String) value();
          at++;
          map.put(name, value());
        }
        at++;
        return map;
      }
      if (c == '[') {
        List<Object> list = new ArrayList<>();
        while (text.charAt(at) != ']') {
          at++;
          list.add(value());
        }
        at++;
        return list;
      }
      if (c == '"') {
        int end = text.indexOf('"', at + 1);
        String word = text.substring(at + 1, end);
        at = end + 1;
        return word;
      }
      int end = at;
      while (",}]".indexOf(text.charAt(end)) < 0) {
        end++;
      }
      String word = text.substring(at, end);
      at = end;
      return word.equals("false") ? (Object) false : new BigDecimal(word);
    }
  }
}

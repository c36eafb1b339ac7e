package dev.meterkite.model.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.alerts.AlertFields;
import dev.meterkite.model.credits.holds.HoldCodec;
import dev.meterkite.model.credits.jobs.PodcastJob;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.ledger.User;
import dev.meterkite.model.customers.CustomerFields;
import dev.meterkite.model.customers.FlagFields;
import dev.meterkite.model.customers.SceneFields;
import dev.meterkite.model.health.HealthFields;
import dev.meterkite.model.quotas.QuotaFields;
import dev.meterkite.model.routing.DecisionFields;
import dev.meterkite.model.usage.UsageRecordFields;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * docs/data-model.md, generated from the model: collections and what they are from {@link Schema},
 * types and bounds from the tables of the records. {@code -Dmeterkite.write=true} writes it anew.
 */
class DataModelTest {
  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final Path PAGE = HOME.resolve("docs/data-model.md");
  private static final Path SOURCE =
      Path.of("src/main/java/dev/meterkite/model/schema/Schema.java");

  private static final int WIDTH = 100;

  private static final Map<String, Table> TABLES =
      Stream.of(
              AlertFields.TABLE,
              HoldCodec.table(),
              TransactionCodec.table(),
              CustomerFields.TABLE,
              FlagFields.TABLE,
              QuotaFields.TABLE,
              PodcastJob.TABLE,
              HealthFields.TABLE,
              DecisionFields.TABLE,
              SceneFields.TABLE,
              UsageRecordFields.TABLE,
              User.TABLE)
          .collect(Collectors.toMap(Table::collection, Function.identity()));

  private static final String HEAD =
      """
      # Data model

      Generated from the model (`Schema` and the records of `shared/`) by `DataModelTest`, which fails
      when this page is out of date and writes it anew with `-Dmeterkite.write=true`. Composite indexes
      and lifetimes are in `firestore.indexes.json`, who may touch what is in [access.md](access.md).

      Names are `snake_case`; timestamps are Firestore timestamps in UTC; credits, micro-USD,
      milliseconds and bytes are integers. A field that is not listed here is kept by every writer of
      ours. Ids are the field that the collection is named after unless the text says otherwise. Bounds
      are those that a reader of ours asks of a document that anybody may have written.
      """;

  /** A collection: its name, its text, its fields in their order. */
  private record Part(String collection, String text, List<String> fields) {}

  @Test
  void page_isWhatTheModelSays() throws IOException, ReflectiveOperationException {
    String page = page();
    if (Boolean.getBoolean("meterkite.write")) {
      Files.writeString(PAGE, page);
    }
    assertEquals(page, Files.readString(PAGE), "write it anew with -Dmeterkite.write=true");
  }

  @Test
  void everyTable_isOfACollectionOfTheSchema() throws IOException, ReflectiveOperationException {
    List<Part> parts = parts();
    List<String> names = parts.stream().map(Part::collection).toList();
    assertTrue(names.containsAll(TABLES.keySet()), names::toString);
    for (Part part : parts) {
      Table table = TABLES.get(part.collection());
      if (table != null) {
        List<String> unknown =
            table.fields().stream()
                .map(Field::path)
                .filter(path -> !part.fields().contains(path) && !isShared(path))
                .toList();
        assertEquals(List.of(), unknown, part.collection());
      }
    }
  }

  private static boolean isShared(String path) {
    return List.of(Schema.COMMIT, Schema.REQUEST_HASH, Schema.ANSWER, Schema.VALIDATION_ERRORS)
        .contains(path);
  }

  private static String page() throws IOException, ReflectiveOperationException {
    StringBuilder page = new StringBuilder(HEAD);
    for (Part part : parts()) {
      page.append("\n## ").append(part.collection()).append("\n\n");
      page.append(part.text()).append("\n\n");
      Table table = TABLES.get(part.collection());
      if (table == null) {
        page.append("Fields: ");
        page.append(
            part.fields().stream().map(f -> "`" + f + "`").collect(Collectors.joining(", ")));
        page.append(".\n");
      } else {
        page.append("| field | type | | values |\n|---|---|---|---|\n");
        table.fields().forEach(field -> page.append(row(field)));
        String others =
            part.fields().stream()
                .filter(name -> table.fields().stream().noneMatch(f -> f.path().equals(name)))
                .map(name -> "`" + name + "`")
                .collect(Collectors.joining(", "));
        if (!others.isEmpty()) {
          page.append("\nAlso, of functions alone or inside these: ").append(others).append(".\n");
        }
        table.rules().forEach(rule -> page.append(rule(rule)));
      }
    }
    return page.toString().lines().map(DataModelTest::wrapped).collect(Collectors.joining());
  }

  /** A line of the page; prose is broken between words, rows of tables are not. */
  private static String wrapped(String line) {
    StringBuilder wrapped = new StringBuilder();
    int column = 0;
    for (String word : line.startsWith("|") ? List.of(line) : List.of(line.split(" ", -1))) {
      if (column > 0 && column + 1 + word.length() > WIDTH) {
        wrapped.append('\n');
        column = 0;
      } else if (column > 0) {
        wrapped.append(' ');
        column++;
      }
      wrapped.append(word);
      column += word.length();
    }
    return wrapped.append('\n').toString();
  }

  private static String row(Field<?> field) {
    return "| `%s` | %s | %s | %s |%n"
        .formatted(
            field.path(),
            field.kind().wire(),
            field.required() ? "required" : "",
            field.range().replace("|", "\\|"))
        .replace(System.lineSeparator(), "\n");
  }

  private static String rule(Table.Rule rule) {
    return "\n`" + rule.field() + "` " + rule.message() + ".\n";
  }

  /** The nested classes of the schema in their order, with the text that stands above each. */
  private static List<Part> parts() throws IOException, ReflectiveOperationException {
    String source = Files.readString(SOURCE);
    Matcher classes =
        Pattern.compile(
                "/\\*\\*((?:(?!\\*/).)*)\\*/\\s*public static final class ([A-Za-z]+) \\{",
                Pattern.DOTALL)
            .matcher(source);
    List<Part> parts = new ArrayList<>();
    while (classes.find()) {
      Class<?> type = Class.forName(Schema.class.getName() + "$" + classes.group(2));
      List<String> names = names(type);
      String text = text(classes.group(1));
      if (Arrays.stream(type.getDeclaredFields()).noneMatch(f -> f.getName().equals(ROOT))) {
        Part before = parts.remove(parts.size() - 1);
        String more = text.replaceFirst("^The keys", "Keys") + " " + quoted(names);
        parts.add(new Part(before.collection(), before.text() + "\n\n" + more, before.fields()));
        continue;
      }
      String collection = (String) type.getDeclaredField(ROOT).get(null);
      parts.add(new Part(collection, text, names));
    }
    return parts;
  }

  private static final String ROOT = "COLLECTION";

  private static String quoted(List<String> names) {
    return names.stream().map(name -> "`" + name + "`").collect(Collectors.joining(", ")) + ".";
  }

  private static List<String> names(Class<?> type) throws ReflectiveOperationException {
    List<String> names = new ArrayList<>();
    for (java.lang.reflect.Field field : type.getDeclaredFields()) {
      boolean constant = Modifier.isPublic(field.getModifiers()) && field.getType() == String.class;
      if (constant && !field.getName().equals(ROOT)) {
        names.add((String) Objects.requireNonNull(field.get(null)));
      }
    }
    return names;
  }

  private static String text(String javadoc) {
    String text = javadoc.replaceAll("\\n\\s*\\* ?", "\n").replaceAll("\\s+", " ").strip();
    return Pattern.compile("\\{@(code|link) (?:[A-Za-z]*#)?((?:[^{}]|\\{[^{}]*\\})*)\\}")
        .matcher(text)
        .replaceAll(
            tag -> {
              boolean link = tag.group(1).equals("link");
              String word = link ? tag.group(2).toLowerCase(Locale.ROOT) : tag.group(2);
              return Matcher.quoteReplacement("`" + word + "`");
            });
  }
}

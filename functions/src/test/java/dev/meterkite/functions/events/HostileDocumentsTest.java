package dev.meterkite.functions.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.cloud.functions.CloudEventsFunction;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.model.DataModel;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.FieldType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A38 and A39 for every trigger of functions.tsv, as the platform makes it: whatever a document
 * holds and whatever it is called, its events are acknowledged, what the trigger writes in answer
 * ends after a few rounds, and fields that nobody knows stay as they were.
 */
class HostileDocumentsTest {
  private static final Hosted HOSTED = Hosted.shared();
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");

  /** A commit of the trigger, one that its own event leads to, and the look at that. */
  private static final int MOST_ROUNDS = 4;

  private static final String THEIRS = "their_own";
  private static final Map<String, Object> UNKNOWN =
      Map.of("a.b`c", List.of(1L, Map.of("deep", true)), "\ud83e\ude81", "kept");
  private static final int MOST_BYTES = 1 << 20;
  private static final String LONG = "x".repeat(1_500);
  private static final List<String> IDS =
      List.of("plain", "a.b`c %2F\\", "__x", "_global", "...", "\ud83e\ude81 \u00e9\n\t", LONG);
  private static final List<Object> ANYTHING =
      Arrays.asList(
          null,
          "",
          "/",
          "..",
          "__x__",
          "x".repeat(1_501),
          "\ud83e\ude81",
          "no_such_word",
          -1L,
          Long.MIN_VALUE,
          Long.MAX_VALUE,
          0.5,
          Double.NaN,
          Double.POSITIVE_INFINITY,
          true,
          Instant.EPOCH,
          Instant.parse("9999-12-31T23:59:59.999999Z"),
          Instant.parse("0001-01-01T00:00:00Z"),
          List.of(),
          Arrays.asList(null, 1L, Map.of("x", "y")),
          Map.of(),
          Map.of("x", Map.of("y", List.of(1L))));

  /** A trigger and the fields that its collection's table knows. */
  private record Subject(FunctionEntry entry, String collection, List<Field<?>> fields) {
    @Override
    public String toString() {
      return entry.name();
    }
  }

  static List<Subject> triggers() throws IOException {
    return FunctionTable.read(Path.of("..", "functions.tsv")).entries().stream()
        .filter(entry -> entry.kind() == FunctionEntry.Kind.EVENT)
        .map(HostileDocumentsTest::subject)
        .toList();
  }

  private static Subject subject(FunctionEntry entry) {
    String collection = entry.event().pattern().split("/", 2)[0];
    List<Field<?>> fields =
        DataModel.TABLES.stream()
            .filter(table -> table.collection().equals(collection))
            .findFirst()
            .orElseThrow()
            .fields();
    return new Subject(entry, collection, fields);
  }

  @ParameterizedTest
  @MethodSource("triggers")
  void whateverADocumentHolds_itsEventsAreAcknowledgedAndEnd(Subject subject) throws Exception {
    CloudEventsFunction function = function(subject);
    List<Map<String, Object>> documents = documents(subject);
    for (int i = 0; i < documents.size(); i++) {
      String id = id(i);
      String what = subject + " document " + i + " " + cut(documents.get(i));
      written(function, new DocRef(subject.collection(), id), documents.get(i), what);
    }
    for (Map<String, Object> document :
        List.of(
            Map.<String, Object>of(THEIRS, UNKNOWN),
            all(subject, HostileDocumentsTest::ofTheRightType))) {
      Map<String, Object> full = full(subject, document);
      written(
          function, new DocRef(subject.collection(), LONG), full, subject + ", a full document");
    }
  }

  @ParameterizedTest
  @MethodSource("triggers")
  void missingDocument_isAcknowledgedAndStaysMissing(Subject subject) throws Exception {
    CloudEventsFunction function = function(subject);
    DocRef ref = new DocRef(subject.collection(), "hostile-missing");
    Map<String, Object> was = Map.of("schema_version", 1L, "status", "x", THEIRS, UNKNOWN);
    function.accept(FakeEvent.of(ref, Map.of(), was));
    function.accept(FakeEvent.of(ref, was, Map.of()));
    function.accept(FakeEvent.of(ref, was, was));
    assertFalse(HOSTED.read(ref.collection(), ref.id()).exists());
  }

  /**
   * An id that may have been used before, as when another program deletes and creates again; the
   * long ones are new each time, since no query finds what they have left.
   */
  private static String id(int i) {
    String id = IDS.get(i % IDS.size());
    String number = String.valueOf(i);
    return id.equals(LONG) ? id.substring(number.length()) + number : id;
  }

  private static CloudEventsFunction function(Subject subject) throws Exception {
    return Class.forName(subject.entry().entryPoint())
        .asSubclass(CloudEventsFunction.class)
        .getConstructor()
        .newInstance();
  }

  /** Sets a document and delivers the events of it, and of what they lead to. */
  private static void written(
      CloudEventsFunction function, DocRef ref, Map<String, Object> document, String what)
      throws Exception {
    HOSTED.delete(ref.collection(), ref.id());
    HOSTED.set(ref.collection(), ref.id(), document);
    Snapshot seen = Snapshot.absent(ref);
    for (int round = 0; ; round++) {
      Snapshot now = HOSTED.read(ref.collection(), ref.id());
      if (now.updateTime().equals(seen.updateTime())) {
        break;
      }
      assertTrue(round < MOST_ROUNDS, () -> what + " never ends: " + cut(now.fields()));
      try {
        function.accept(FakeEvent.of(ref, seen.fields(), now.fields()));
      } catch (RuntimeException e) {
        throw new AssertionError(what + " is not acknowledged", e);
      }
      seen = now;
    }
    assertEquals(document.get(THEIRS), seen.fields().get(THEIRS), what);
  }

  private static List<Map<String, Object>> documents(Subject subject) {
    List<Map<String, Object>> documents = new ArrayList<>();
    documents.add(all(subject, field -> null));
    for (Object value : ANYTHING) {
      documents.add(all(subject, field -> value));
    }
    documents.add(all(subject, HostileDocumentsTest::ofTheRightType));
    Random random = new Random(39);
    for (int i = DEEP ? 2_000 : 12; i > 0; i--) {
      documents.add(all(subject, field -> anything(random, field)));
    }
    return documents;
  }

  private interface Values {
    Object of(Field<?> field);
  }

  private static Map<String, Object> all(Subject subject, Values values) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put(THEIRS, UNKNOWN);
    for (Field<?> field : subject.fields()) {
      document.put(FieldPath.segments(field.path()).get(0), values.of(field));
    }
    return document;
  }

  private static Object anything(Random random, Field<?> field) {
    return random.nextBoolean()
        ? ofTheRightType(field)
        : ANYTHING.get(random.nextInt(ANYTHING.size()));
  }

  /** Right in type; words are such as nobody knows. */
  private static Object ofTheRightType(Field<?> field) {
    FieldType kind = FieldPath.segments(field.path()).size() > 1 ? FieldType.MAP : field.kind();
    return switch (kind) {
      case STRING -> "no_such_word";
      case INTEGER -> 7L;
      case FLOAT -> 0.5;
      case BOOLEAN -> true;
      case TIMESTAMP -> Instant.parse("2026-01-01T00:00:00Z");
      case MAP -> Map.of("x", 1L);
      case ARRAY -> List.of("x");
    };
  }

  /** As large as Firestore lets a document of the longest id be: not a field more goes in. */
  private static Map<String, Object> full(Subject subject, Map<String, Object> document) {
    DocRef ref = new DocRef(subject.collection(), LONG);
    Map<String, Object> full = new LinkedHashMap<>(document);
    int fits = MOST_BYTES - 8_192;
    int tooMuch = MOST_BYTES;
    while (tooMuch - fits > 1) {
      int padding = (fits + tooMuch) / 2;
      full.put("padding", "x".repeat(padding));
      try {
        HOSTED.set(ref.collection(), ref.id(), full);
        fits = padding;
      } catch (CompletionException tooLarge) {
        tooMuch = padding;
      }
    }
    full.put("padding", "x".repeat(fits));
    HOSTED.delete(ref.collection(), ref.id());
    return full;
  }

  private static String cut(Map<String, Object> document) {
    String text = String.valueOf(document);
    return text.length() > 600 ? text.substring(0, 600) + "…" : text;
  }
}

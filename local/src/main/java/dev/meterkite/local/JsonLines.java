package dev.meterkite.local;

import com.google.firestore.v1.Document;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.Values;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * All collections as JSON lines, one file a collection, one document a line: {@code {"id": …,
 * "fields": …}}, the fields in Firestore's JSON form, so that every type survives.
 */
final class JsonLines {
  private static final int PAGE = 300;
  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer().omittingInsignificantWhitespace();

  private final Store store;
  private final PrintStream out;

  JsonLines(Store store, PrintStream out) {
    this.store = store;
    this.out = out;
  }

  /** The names of all collections that the schema has, in their order. */
  static List<String> collections() {
    TreeSet<String> names = new TreeSet<>();
    for (Class<?> type : Schema.class.getClasses()) {
      // Classes without a collection name the fields inside of a document.
      for (Field field : type.getFields()) {
        if (field.getName().equals("COLLECTION")) {
          names.add(nameIn(field));
        }
      }
    }
    return List.copyOf(names);
  }

  private static String nameIn(Field field) {
    try {
      return (String) field.get(null);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("a public constant cannot be read", e);
    }
  }

  /** Writes a file for each collection that has documents, in place of an older one. */
  int exportTo(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (String collection : collections()) {
      Path file = folder.resolve(collection + ".jsonl");
      Path part = folder.resolve(collection + ".jsonl.part");
      long count;
      try (BufferedWriter lines = Files.newBufferedWriter(part)) {
        count = export(collection, lines);
      }
      if (count == 0) {
        Files.delete(part);
        Files.deleteIfExists(file);
      } else {
        // An export that stopped half-way leaves the older file as it was.
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        out.printf("  %-24s %d%n", collection, count);
      }
    }
    return 0;
  }

  private long export(String collection, BufferedWriter lines) throws IOException {
    Query query = Query.of(collection, PAGE).ascending(Query.ID);
    long count = 0;
    List<Snapshot> page = store.find(query).join();
    while (!page.isEmpty()) {
      for (Snapshot document : page) {
        lines.write(line(document));
        lines.newLine();
      }
      count += page.size();
      String last = page.get(page.size() - 1).ref().id();
      page = page.size() < PAGE ? List.of() : store.find(query.after(List.of(last))).join();
    }
    return count;
  }

  private static String line(Snapshot document) throws InvalidProtocolBufferException {
    Document fields =
        Document.newBuilder().putAllFields(Values.toFields(document.fields())).build();
    JsonObject line = new JsonObject();
    line.addProperty("id", document.ref().id());
    JsonObject printed = JsonParser.parseString(PRINTER.print(fields)).getAsJsonObject();
    line.add("fields", printed.has("fields") ? printed.get("fields") : new JsonObject());
    return line.toString();
  }

  /**
   * Sets every document of the files, whatever it held; may be repeated.
   *
   * @throws LocalHostException naming file and line that are not as an export makes them
   */
  int importFrom(Path folder) throws IOException {
    int files = 0;
    for (String collection : collections()) {
      Path file = folder.resolve(collection + ".jsonl");
      if (Files.isRegularFile(file)) {
        files++;
        out.printf("  %-24s %d%n", collection, load(collection, file));
      }
    }
    if (files == 0) {
      throw new LocalHostException(folder + " has no exported collections");
    }
    return 0;
  }

  private long load(String collection, Path file) throws IOException {
    long count = 0;
    Map<DocRef, Map<String, Object>> waiting = new LinkedHashMap<>();
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        count++;
        parse(collection, file + ":" + count, line, waiting);
        if (waiting.size() == Pages.MOST) {
          set(waiting);
          waiting.clear();
        }
      }
    }
    set(waiting);
    return count;
  }

  private void set(Map<DocRef, Map<String, Object>> documents) {
    for (List<Map.Entry<DocRef, Map<String, Object>>> page : Pages.of(documents)) {
      Pages.commit(
          store,
          () -> page.stream().map(one -> Mutation.replace(one.getKey(), one.getValue())).toList());
    }
  }

  private static void parse(
      String collection, String where, String line, Map<DocRef, Map<String, Object>> into) {
    try {
      JsonObject json = JsonParser.parseString(line).getAsJsonObject();
      JsonObject fields = new JsonObject();
      fields.add("fields", json.getAsJsonObject("fields"));
      Document.Builder document = Document.newBuilder();
      JsonFormat.parser().merge(fields.toString(), document);
      into.put(
          new DocRef(collection, json.get("id").getAsString()),
          Values.toMap(document.getFieldsMap()));
    } catch (InvalidProtocolBufferException | RuntimeException e) {
      throw new LocalHostException(where + " is no exported document: " + e.getMessage(), e);
    }
  }
}

package dev.meterkite.local;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.http.JsonValues;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a folder of tables: one a table and run, {@code
 * ledger-20261130T200000.000000Z.jsonl} by the watermark of the run, and {@code watermark.json},
 * which names them all with their sizes and hashes.
 *
 * <p>A run writes its files as {@code ….part}, then replaces {@code watermark.json} in one move,
 * which decides that it has been, then moves them to their names. So a run that dies before has
 * left parts that count for nothing, and after it the next run moves what it left. A file of such a
 * name that {@code watermark.json} does not name is not of these runs: its rows would be there
 * twice, so nothing is written beside it.
 */
final class TableFiles {
  static final String WATERMARK = "watermark.json";
  private static final String LOCK = ".lock";
  private static final String PART = ".part";
  private static final Pattern OF_A_RUN =
      Pattern.compile("(%s)-.*\\.jsonl".formatted(String.join("|", Tables.ALL)));
  private static final DateTimeFormatter NAME =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final Path folder;
  private final byte[] found;
  private final Map<String, Written> tables;

  /**
   * A file of one run.
   *
   * @param sha256 of its bytes, in hex
   */
  private record Segment(String name, long rows, String sha256) {
    Map<String, Object> stated() {
      Map<String, Object> stated = new LinkedHashMap<>();
      stated.put("name", name);
      stated.put("rows", rows);
      stated.put("sha256", sha256);
      return stated;
    }
  }

  /**
   * What earlier runs have written of a table.
   *
   * @param stated all that {@code watermark.json} says of it
   * @param rows of all files
   */
  private record Written(
      Instant until,
      Map<String, Object> stated,
      List<Segment> files,
      List<Map<String, Object>> rows) {}

  /**
   * What a run adds to a table.
   *
   * @param rows may be empty: then only the watermark moves
   */
  record Run(WarehouseTable table, Instant until, WarehouseTable.Rows rows) {}

  private TableFiles(Path folder, byte[] found, Map<String, Written> tables) {
    this.folder = folder;
    this.found = found;
    this.tables = tables;
  }

  /**
   * The files of a folder, which may be missing or empty.
   *
   * @throws LocalHostException where a file is not what {@code watermark.json} says, or not named
   *     by it
   */
  static TableFiles of(Path folder) throws IOException {
    // Listed first: what another run names meanwhile is not among them.
    Set<String> unnamed = names(folder);
    unnamed.removeIf(name -> !OF_A_RUN.matcher(name).matches());
    Path file = folder.resolve(WATERMARK);
    boolean isFirst = !Files.exists(file);
    byte[] bytes = isFirst ? new byte[0] : JsonFile.bytes(file);
    Map<String, Written> tables =
        isFirst ? Map.of() : tables(folder, file, JsonFile.object(file, bytes));
    tables.values().forEach(table -> table.files().forEach(each -> unnamed.remove(each.name())));
    if (!unnamed.isEmpty()) {
      throw new LocalHostException(
          "%s does not name %s, whose rows would be there twice: put the %s of its run back, or begin in another folder."
              .formatted(file, String.join(", ", unnamed), WATERMARK));
    }
    return new TableFiles(folder, bytes, tables);
  }

  private static Set<String> names(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return new TreeSet<>();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(each -> each.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static Map<String, Written> tables(Path folder, Path file, JsonObject watermark) {
    Map<String, Written> tables = new LinkedHashMap<>();
    try {
      for (String name : watermark.getAsJsonObject("tables").keySet()) {
        tables.put(
            name, written(folder, watermark.getAsJsonObject("tables").getAsJsonObject(name)));
      }
    } catch (LocalHostException e) {
      throw e;
    } catch (RuntimeException e) { // a member that is missing, or of another type
      throw new LocalHostException(file + " is not what a run of tables writes.", e);
    }
    return tables;
  }

  private static Written written(Path folder, JsonObject table) {
    List<Segment> files = new ArrayList<>();
    List<Map<String, Object>> rows = new ArrayList<>();
    table
        .getAsJsonArray("files")
        .forEach(
            each -> {
              JsonObject file = each.getAsJsonObject();
              Segment segment =
                  new Segment(
                      file.get("name").getAsString(),
                      file.get("rows").getAsLong(),
                      file.get("sha256").getAsString());
              files.add(segment);
              publish(folder.resolve(segment.name()));
              rows.addAll(rows(folder.resolve(segment.name()), segment));
            });
    if (table.get("rows").getAsLong() != rows.size()
        || files.stream().map(Segment::name).distinct().count() != files.size()) {
      throw new IllegalStateException("the files are not those of its rows");
    }
    return new Written(
        Instant.parse(table.get("until").getAsString()), JsonValues.fields(table), files, rows);
  }

  private static List<Map<String, Object>> rows(Path file, Segment segment) {
    byte[] bytes = JsonFile.bytes(file);
    List<Map<String, Object>> rows = new ArrayList<>();
    try {
      new String(bytes, StandardCharsets.UTF_8)
          .lines()
          .map(line -> JsonValues.fields(JsonParser.parseString(line).getAsJsonObject()))
          .forEach(rows::add);
    } catch (JsonParseException | IllegalStateException e) {
      throw changed(file, e);
    }
    if (rows.size() != segment.rows() || !sha256(bytes).equals(segment.sha256())) {
      throw changed(file, null);
    }
    return rows;
  }

  private static LocalHostException changed(Path file, @Nullable Exception e) {
    String sentence =
        file + " is not as its run wrote it: put it back, or begin in another folder.";
    return e == null ? new LocalHostException(sentence) : new LocalHostException(sentence, e);
  }

  /** Up to when earlier runs have written a table; empty where none has. */
  Optional<Instant> until(WarehouseTable table) {
    return Optional.ofNullable(tables.get(table.name())).map(Written::until);
  }

  /** The rows of a table that earlier runs have written. */
  List<Map<String, Object>> rows(WarehouseTable table) {
    Written written = tables.get(table.name());
    return written == null ? List.of() : written.rows();
  }

  /**
   * Writes what a run adds.
   *
   * @throws LocalHostException where another run writes, or has written meanwhile
   */
  void add(List<Run> runs) throws IOException {
    Files.createDirectories(folder);
    try (FileChannel channel =
            FileChannel.open(
                folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = lock(channel)) {
      Path file = folder.resolve(WATERMARK);
      byte[] now = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
      if (lock == null || !Arrays.equals(now, found)) {
        throw new LocalHostException(
            "Another run has written to " + folder + " meanwhile, so this one wrote nothing.");
      }
      Map<String, Object> all = new LinkedHashMap<>();
      tables.forEach((name, written) -> all.put(name, written.stated()));
      for (String name : names(folder)) {
        if (name.endsWith(".jsonl" + PART)) {
          Files.delete(folder.resolve(name)); // of a run that did not end
        }
      }
      List<Path> added = new ArrayList<>();
      for (Run run : runs) {
        all.put(run.table().name(), write(run, added));
      }
      Path part = part(file);
      Files.writeString(part, Json.write(Map.of("tables", all)) + "\n");
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      added.forEach(TableFiles::publish);
    }
  }

  private static @Nullable FileLock lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // another thread of this process has it
    }
  }

  private Map<String, Object> write(Run run, List<Path> added) throws IOException {
    Written before = tables.get(run.table().name());
    List<Segment> files = new ArrayList<>(before == null ? List.of() : before.files());
    List<Map<String, Object>> rows = new ArrayList<>(rows(run.table()));
    rows.addAll(run.rows().rows());
    if (!run.rows().rows().isEmpty()) {
      StringBuilder lines = new StringBuilder();
      run.rows().rows().forEach(row -> lines.append(Json.write(row)).append('\n'));
      byte[] bytes = lines.toString().getBytes(StandardCharsets.UTF_8);
      String name = run.table().name() + "-" + NAME.format(run.until()) + ".jsonl";
      Files.write(part(folder.resolve(name)), bytes);
      added.add(folder.resolve(name));
      files.add(new Segment(name, run.rows().rows().size(), sha256(bytes)));
    }
    Map<String, Object> stated = new LinkedHashMap<>();
    stated.put("until", run.until());
    stated.put("rows", (long) rows.size());
    Map<String, Object> sums = new LinkedHashMap<>();
    for (String column : run.table().summed()) {
      sums.put(column, rows.stream().mapToLong(row -> WarehouseTable.whole(row, column)).sum());
    }
    stated.put("sums", sums);
    stated.put("changed_later", run.rows().changedLater());
    stated.put("files", files.stream().map(Segment::stated).toList());
    return stated;
  }

  private static Path part(Path file) {
    return file.resolveSibling(file.getFileName() + PART);
  }

  /** Moves a file that {@code watermark.json} names to its name, unless it has it. */
  private static void publish(Path file) {
    if (!Files.exists(file)) {
      try {
        Files.move(part(file), file, StandardCopyOption.ATOMIC_MOVE);
      } catch (NoSuchFileException e) {
        // It is gone, as its reader will say; or another run has moved it meanwhile.
      } catch (IOException e) {
        throw new LocalHostException(part(file) + " cannot be moved to its name: " + e, e);
      }
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}

package dev.meterkite.functions.store;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The instance that is writing an owner document over and over, as it says in the document itself:
 * others hand their commands over to it instead of competing.
 *
 * @param id the instance's engine
 * @param version the version of commands that it understands
 * @param until when, in real time, it is no longer to be relied on unless it says so again
 */
record Host(String id, String version, Instant until) {
  private static final String ID = "id";
  private static final String VERSION = "version";
  private static final String UNTIL = "until";

  /** The host that a field holds; null for anything of another shape. */
  static @Nullable Host of(@Nullable Object field) {
    return field instanceof Map<?, ?> map
            && map.get(ID) instanceof String id
            && map.get(VERSION) instanceof String version
            && map.get(UNTIL) instanceof Instant until
        ? new Host(id, version, until)
        : null;
  }

  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(ID, id);
    fields.put(VERSION, version);
    fields.put(UNTIL, until);
    return fields;
  }
}

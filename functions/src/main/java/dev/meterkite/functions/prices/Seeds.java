package dev.meterkite.functions.prices;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The files of documents that come with the program. */
final class Seeds {
  private Seeds() {}

  /** The JSON object in a file of the program. */
  static JsonObject read(String name) {
    try (InputStream file = Seeds.class.getResourceAsStream(name);
        Reader text =
            new InputStreamReader(
                Objects.requireNonNull(file, "no " + name), StandardCharsets.UTF_8)) {
      return JsonParser.parseReader(text).getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

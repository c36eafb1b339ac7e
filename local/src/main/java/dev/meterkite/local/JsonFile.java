package dev.meterkite.local;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file that holds one JSON object. What is wrong with it is one sentence. */
final class JsonFile {
  private static final Pattern PLACE = Pattern.compile("line (\\d+) column (\\d+)");

  private JsonFile() {}

  /**
   * All bytes of a file.
   *
   * @throws LocalHostException where it cannot be read
   */
  static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new LocalHostException(file + " cannot be read.", e);
    }
  }

  /**
   * The object in the bytes of a file.
   *
   * @throws LocalHostException where they are no JSON object in UTF-8
   */
  static JsonObject object(Path file, byte[] bytes) {
    JsonElement json;
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      json = JsonParser.parseString(text);
    } catch (CharacterCodingException e) {
      throw new LocalHostException(file + " is not text in UTF-8.", e);
    } catch (JsonParseException e) {
      throw new LocalHostException(file + " is not valid JSON" + place(e) + ".", e);
    }
    if (json instanceof JsonObject object) {
      return object;
    }
    throw new LocalHostException(file + " is not valid: it holds no JSON object.");
  }

  /** Where the parser stopped, where it says so. */
  private static String place(JsonParseException e) {
    Matcher place = PLACE.matcher(String.valueOf(e.getMessage()));
    return place.find() ? " at line " + place.group(1) + ", column " + place.group(2) : "";
  }
}

package dev.meterkite.functions.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTreeTest {
  private static JsonElement read(String text) throws IOException {
    return JsonTree.read(new StringReader(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{}",
        "{'a': [1, 2.50, -3e2, true, null, \"t\\u00e9xt\"], b: {\"c\": {}}}",
        " [ # lenient, as settings always were\n x ] "
      })
  void text_isReadAsGsonDoes(String text) throws IOException {
    assertEquals(JsonParser.parseString(text), read(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/plans.json", "/model-catalog.json"})
  void filesOfTheProgram_areReadAsGsonDoes(String name) throws IOException {
    try (InputStream file = Seeds.class.getResourceAsStream(name)) {
      String text =
          new String(Objects.requireNonNull(file, name).readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(JsonParser.parseString(text), Seeds.read(name));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[", "{\"a\"}", "[1] [2]", "{\"a\": 1, \"a\": 2}"})
  void whatIsNotOneElement_isRefused(String text) {
    assertThrows(IOException.class, () -> read(text));
  }

  @Test
  void number_keepsItsDigits() throws IOException {
    assertEquals("9007199254740993", read("9007199254740993").getAsString());
  }
}

package dev.meterkite.functions.persons;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.meterkite.model.persons.PersonalData;

/** Stored answers without the members that name a person. */
final class Texts {
  private Texts() {}

  /**
   * The answer without its texts, all other members as they were; what is no JSON becomes an empty
   * object.
   */
  static String without(String answer) {
    try {
      JsonElement json = JsonParser.parseString(answer);
      return remove(json) ? json.toString() : answer;
    } catch (JsonParseException e) {
      return "{}"; // not one of ours: nobody knows what it says
    }
  }

  /** Whether anything was removed. */
  private static boolean remove(JsonElement json) {
    boolean removed = false;
    if (json instanceof JsonObject object) {
      removed = object.keySet().removeAll(PersonalData.TEXTS);
      for (JsonElement member : object.asMap().values()) {
        removed |= remove(member);
      }
    } else if (json instanceof JsonArray array) {
      for (JsonElement member : array) {
        removed |= remove(member);
      }
    }
    return removed;
  }
}

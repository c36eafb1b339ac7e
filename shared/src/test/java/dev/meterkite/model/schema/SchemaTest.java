package dev.meterkite.model.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.DataModel;
import java.lang.reflect.Field;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SchemaTest {
  @Test
  void everyName_isSnakeCaseAndStandsOnceInItsCollection() throws IllegalAccessException {
    Set<String> collections = new HashSet<>();
    for (Class<?> collection : Schema.class.getDeclaredClasses()) {
      Set<String> values = new HashSet<>();
      for (Field field : collection.getDeclaredFields()) {
        if (field.isSynthetic()) {
          continue;
        }
        String value = (String) field.get(null);
        assertTrue(values.add(value), () -> "twice: " + value);
        if (field.getName().equals("COLLECTION")) {
          assertTrue(collections.add(value), () -> "twice: " + value);
        } else if (!field.getName().equals("GLOBAL_ID")) {
          assertEquals(field.getName(), value.replace('.', '_').toUpperCase(java.util.Locale.ROOT));
        }
        assertTrue(value.matches("[a-z_0-9]+(\\.[a-z_0-9]+)*"), value);
      }
      assertTrue(values.size() > 1, collection::getName);
    }
    assertTrue(
        collections.containsAll(
            DataModel.TABLES.stream().map(Table::collection).collect(Collectors.toSet())));
  }
}

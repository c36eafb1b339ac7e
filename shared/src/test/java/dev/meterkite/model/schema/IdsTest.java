package dev.meterkite.model.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.meterkite.model.document.DocRef;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class IdsTest {
  private static final UUID DNS = UUID.fromString("6ba7b810-9dad-11d1-80b4-00c04fd430c8");

  @Test
  void versionFive_isThatOfOtherImplementations() {
    // Python: uuid.uuid5(uuid.NAMESPACE_DNS, "python.org")
    assertEquals(
        "886313e1-3b8a-5372-9b90-0c9aee199e5d",
        Ids.version5(DNS, "python.org".getBytes(StandardCharsets.UTF_8)).toString());
  }

  @Test
  void sameParts_giveTheIdOfYesterday() {
    // Stored ids depend on this value: it must never change.
    assertEquals("b67ca565-9d93-502f-8e85-e3f06ba63f55", Ids.uuid("job", "4f0c"));
    UUID id = UUID.fromString(Ids.uuid("job", "4f0c"));
    assertEquals(5, id.version());
    assertEquals(2, id.variant());
  }

  @Test
  void boundariesBetweenParts_matter() {
    assertNotEquals(Ids.uuid("ab", "c"), Ids.uuid("a", "bc"));
    assertNotEquals(Ids.uuid("a", ""), Ids.uuid("a"));
    assertNotEquals(Ids.uuid("a\u0000b"), Ids.uuid("a", "b"));
  }

  @Test
  void marker_dependsOnOperationOwnerAndKey() {
    DocRef ann = new DocRef(Schema.Users.COLLECTION, "ann");
    DocRef bob = new DocRef(Schema.Users.COLLECTION, "bob");
    String marker = Ids.marker("debit-credits", ann, "k1");
    assertEquals(marker, Ids.marker("debit-credits", ann, "k1"));
    assertNotEquals(marker, Ids.marker("debit-credits", bob, "k1"));
    assertNotEquals(marker, Ids.marker("hold-credits", ann, "k1"));
    assertNotEquals(marker, Ids.marker("debit-credits", ann, "k2"));
    assertNotEquals(
        marker, Ids.marker("debit-credits", new DocRef(Schema.Customers.COLLECTION, "ann"), "k1"));
  }
}

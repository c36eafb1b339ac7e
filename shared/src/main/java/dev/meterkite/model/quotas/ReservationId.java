package dev.meterkite.model.quotas;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of a reservation, which says where it stands, so that settling it needs no search: the
 * id of its quota document, a colon, and a UUID. Document ids may hold colons, UUIDs do not.
 *
 * @param quota the quota document
 * @param uuid 36 characters in lower case; also the id of the marker of the command that reserved
 */
public record ReservationId(DocRef quota, String uuid) {
  private static final Pattern UUID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  private static final int UUID_LENGTH = 36;

  public ReservationId {
    if (!UUID.matcher(uuid).matches()) {
      throw new IllegalArgumentException("not a UUID in lower case");
    }
  }

  /** The reservation with this id; empty for what no reservation is called. */
  public static Optional<ReservationId> parse(String id) {
    int colon = id.length() - UUID_LENGTH - 1;
    if (colon < 1 || id.charAt(colon) != ':') {
      return Optional.empty();
    }
    String uuid = id.substring(colon + 1);
    String document = id.substring(0, colon);
    return DocRef.isId(document) && UUID.matcher(uuid).matches()
        ? Optional.of(new ReservationId(new DocRef(ModelQuotas.COLLECTION, document), uuid))
        : Optional.empty();
  }

  @Override
  public String toString() {
    return quota.id() + ":" + uuid;
  }
}

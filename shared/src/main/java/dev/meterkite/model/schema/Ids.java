package dev.meterkite.model.schema;

import dev.meterkite.model.document.Digests;
import dev.meterkite.model.document.DocRef;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.UUID;

/**
 * Document ids that follow from what they name, so that the same thing written twice is one
 * document: name-based UUIDs (RFC 4122, version 5, SHA-1) in a namespace of this product.
 */
public final class Ids {
  /** The namespace; a change of it would give every derived document a new id. */
  static final UUID NAMESPACE = UUID.fromString("6f1d9f6e-3c1b-5d0a-9c57-6d6574657231");

  private Ids() {}

  /**
   * The UUID that these parts name. Each part goes in behind its length in bytes (four bytes,
   * big-endian), so that {@code ("ab", "c")} and {@code ("a", "bc")} differ.
   *
   * @return 36 characters in lower case, such as {@code 21f7f8de-8051-5b89-8680-0195ef798b6a}
   */
  public static String uuid(String... parts) {
    byte[][] encoded = new byte[parts.length][];
    int length = 0;
    for (int i = 0; i < parts.length; i++) {
      encoded[i] = parts[i].getBytes(StandardCharsets.UTF_8);
      length += Integer.BYTES + encoded[i].length;
    }
    ByteBuffer name = ByteBuffer.allocate(length);
    for (byte[] part : encoded) {
      name.putInt(part.length).put(part);
    }
    return version5(NAMESPACE, name.array()).toString();
  }

  /**
   * The id of the marker of a command: of its operation, owner document and key, so that one key
   * used on two users, or for two operations, makes two commands.
   */
  public static String marker(String operation, DocRef owner, String key) {
    return uuid("marker", operation, owner.collection(), owner.id(), key);
  }

  /** A version 5 UUID as RFC 4122, section 4.3, makes it. */
  static UUID version5(UUID namespace, byte[] name) {
    MessageDigest sha1 = Digests.sha1();
    sha1.update(
        ByteBuffer.allocate(2 * Long.BYTES)
            .putLong(namespace.getMostSignificantBits())
            .putLong(namespace.getLeastSignificantBits())
            .array());
    ByteBuffer hash = ByteBuffer.wrap(sha1.digest(name));
    long most = (hash.getLong() & ~0xf000L) | 0x5000L;
    long least = (hash.getLong() & ~(3L << 62)) | (1L << 63);
    return new UUID(most, least);
  }
}

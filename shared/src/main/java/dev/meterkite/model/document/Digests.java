package dev.meterkite.model.document;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Hashes that name documents and tell what they hold apart. Digests are copies of one that is never
 * used: to look one up among the platform's providers takes longer than to hash a short text.
 */
public final class Digests {
  private static final MessageDigest SHA_256 = of("SHA-256");
  private static final MessageDigest SHA_1 = of("SHA-1");

  private Digests() {}

  /** A new SHA-256, with nothing in it. */
  public static MessageDigest sha256() {
    return copy(SHA_256);
  }

  /** The 32 bytes of the SHA-256 of a text in UTF-8. */
  public static byte[] sha256(String text) {
    return sha256().digest(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A new SHA-1, with nothing in it; for names (RFC 4122, version 5), never for secrets. */
  public static MessageDigest sha1() {
    return copy(SHA_1);
  }

  private static MessageDigest of(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has " + algorithm, e);
    }
  }

  private static MessageDigest copy(MessageDigest unused) {
    try {
      return (MessageDigest) unused.clone();
    } catch (CloneNotSupportedException e) {
      return of(unused.getAlgorithm());
    }
  }
}

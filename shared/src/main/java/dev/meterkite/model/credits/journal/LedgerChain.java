package dev.meterkite.model.credits.journal;

import dev.meterkite.model.document.Digests;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Erased;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The chain that ties the transactions of one user together: each holds the SHA-256 of its own
 * fields and of the hash before it, so that a changed, missing or reordered one is found.
 *
 * <p>The hashed form is {@code prev_hash}, then for each name of {@link #FIELDS} that the document
 * has (null counts as absent), in that order, the name and the value. Every text goes in behind its
 * length in bytes (four bytes, big-endian); a value is a text of one letter for its kind and the
 * value: {@code s} string, {@code i} integer in decimal, {@code t} microseconds since 1970, {@code
 * l} a list, whose members' fields follow between {@code [} and {@code ]}. What is not named, such
 * as the total refunded, is outside the hash and may change.
 *
 * <p>A transaction of an erased user has lost its texts and keeps its hash, which links the ones
 * around it. Its {@code erased.hash} covers the fields that are left.
 */
public final class LedgerChain {
  /** The {@code prev_hash} of the first transaction. */
  public static final String FIRST = "0".repeat(64);

  /** The fields that the hash covers, in order. */
  static final List<String> FIELDS =
      List.of(
          CreditTransactions.TRANSACTION_ID,
          CreditTransactions.USER_ID,
          CreditTransactions.SEQUENCE,
          CreditTransactions.TYPE,
          CreditTransactions.AMOUNT,
          CreditTransactions.BALANCE_AFTER,
          CreditTransactions.CREATED_AT,
          CreditTransactions.JOB_ID,
          CreditTransactions.HOLD_ID,
          CreditTransactions.REVERSES,
          CreditTransactions.REVERSES_SEQUENCE,
          CreditTransactions.DESCRIPTION,
          CreditTransactions.REASON,
          CreditTransactions.EXPIRES_AT,
          CreditTransactions.PERIOD_START,
          CreditTransactions.STRIPE_EVENT_ID,
          CreditTransactions.LOTS);

  /** The fields of one member of {@code lots}. */
  private static final List<String> SHARE_FIELDS =
      List.of(CreditTransactions.EXPIRES_AT, CreditTransactions.AMOUNT);

  private LedgerChain() {}

  /**
   * Where a chain is broken.
   *
   * @param sequence the first sequence that is wrong
   * @param what in what way
   */
  public record Break(long sequence, String what) {}

  /** The hash of a transaction, 64 hexadecimal digits in lower case. */
  public static String hash(Map<String, Object> transaction, String prevHash) {
    MessageDigest digest = Digests.sha256();
    text(digest, prevHash);
    fields(digest, transaction, FIELDS);
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Whether this is the form of a hash. */
  public static boolean isHash(@Nullable String text) {
    return text != null
        && text.length() == FIRST.length()
        && text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  }

  /**
   * The first break in the whole history of a user.
   *
   * @param transactions all of them that have a sequence, in its order
   */
  public static Optional<Break> verify(List<Map<String, Object>> transactions) {
    long sequence = 0;
    String hash = FIRST;
    for (Map<String, Object> transaction : transactions) {
      Optional<Break> found = verify(transaction, sequence, hash);
      if (found.isPresent()) {
        return found;
      }
      sequence++;
      hash = String.valueOf(transaction.get(CreditTransactions.HASH));
    }
    return Optional.empty();
  }

  /** Whether a transaction follows on the one with this sequence and hash, and how it does not. */
  public static Optional<Break> verify(
      Map<String, Object> transaction, long sequenceBefore, String hashBefore) {
    long expected = sequenceBefore + 1;
    Object sequence = transaction.get(CreditTransactions.SEQUENCE);
    if (!(sequence instanceof Long found)) {
      return Optional.of(new Break(expected, "sequence is not an integer"));
    }
    if (found != expected) {
      return Optional.of(
          new Break(Math.min(found, expected), "sequence " + found + " follows " + sequenceBefore));
    }
    if (!hashBefore.equals(transaction.get(CreditTransactions.PREV_HASH))) {
      return Optional.of(new Break(expected, "prev_hash is not the hash before it"));
    }
    if (transaction.get(CreditTransactions.ERASED) instanceof Map<?, ?> erased) {
      return rest(transaction).equals(erased.get(Erased.HASH))
          ? Optional.empty()
          : Optional.of(new Break(expected, "the hash of what was left does not fit the fields"));
    }
    if (!hash(transaction, hashBefore).equals(transaction.get(CreditTransactions.HASH))) {
      return Optional.of(new Break(expected, "hash does not fit the fields"));
    }
    return Optional.empty();
  }

  /**
   * The hash of what is left of an erased transaction, bound to the hash that it always had. That
   * one cannot be computed any more; the transaction behind it still has it as {@code prev_hash}.
   */
  public static String rest(Map<String, Object> transaction) {
    return hash(transaction, String.valueOf(transaction.get(CreditTransactions.HASH)));
  }

  private static void fields(MessageDigest digest, Map<?, ?> fields, List<String> names) {
    for (String name : names) {
      Object value = fields.get(name);
      if (value != null) {
        text(digest, name);
        value(digest, value);
      }
    }
  }

  private static void value(MessageDigest digest, Object value) {
    if (value instanceof String string) {
      text(digest, "s" + string);
    } else if (value instanceof Long number) {
      text(digest, "i" + number);
    } else if (value instanceof Instant instant) {
      text(digest, "t" + micros(instant));
    } else if (value instanceof List<?> list) {
      text(digest, "l");
      for (Object member : list) {
        text(digest, "[");
        fields(digest, member instanceof Map<?, ?> map ? map : Map.of(), SHARE_FIELDS);
        text(digest, "]");
      }
    } else {
      text(digest, "?" + value);
    }
  }

  /** {@code ChronoUnit.MICROS.between} overflows in the year 2262; this does in the year 294247. */
  private static long micros(Instant instant) {
    long seconds = Math.multiplyExact(instant.getEpochSecond(), 1_000_000L);
    return Math.addExact(seconds, instant.getNano() / 1_000);
  }

  private static void text(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int shift = Integer.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
      digest.update((byte) (bytes.length >>> shift));
    }
    digest.update(bytes);
  }
}

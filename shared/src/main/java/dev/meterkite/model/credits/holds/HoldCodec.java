package dev.meterkite.model.credits.holds;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.lots.OpenHold;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Table;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Documents of {@code credit_holds}: their fields, and how they are read and written. */
public final class HoldCodec {
  /** Loaded only where documents are checked: a command needs none of it. */
  private static final class Declared {
    static final Field<Long> AMOUNT =
        Bounds.atLeast(0, Field.integer(CreditHolds.AMOUNT)).mandatory();
    static final Field<Long> CAPTURED = Bounds.atLeast(0, Field.integer(CreditHolds.CAPTURED));
    static final Table TABLE =
        Table.of(
                CreditHolds.COLLECTION,
                Bounds.length(1, 500, Field.string(CreditHolds.HOLD_ID)).mandatory(),
                Bounds.length(1, 500, Field.string(CreditHolds.USER_ID)).mandatory(),
                Field.string(CreditHolds.JOB_ID),
                AMOUNT,
                CAPTURED,
                Field.word(CreditHolds.STATUS, HoldStatus.class).mandatory(),
                Field.string(CreditHolds.CODE),
                Field.string(CreditHolds.TRANSACTION_ID),
                Field.timestamp(CreditHolds.EXPIRES_AT),
                Field.timestamp(CreditHolds.CREATED_AT),
                Field.timestamp(CreditHolds.CLOSED_AT),
                Bounds.atLeast(1, Field.integer(CreditHolds.ATTEMPT)),
                Bounds.atLeast(1, Field.integer(CreditHolds.ATTEMPTS)),
                Field.timestamp(CreditHolds.JOB_CREATED_AT),
                Field.string(Schema.REQUEST_HASH),
                Field.string(Schema.ANSWER))
            .with(
                CreditHolds.CAPTURED,
                "must not be more than was held",
                hold -> hold.read(CAPTURED).orElse(0L) <= hold.read(AMOUNT).orElse(0L));
  }

  private HoldCodec() {}

  /** All fields, with their types and bounds. */
  public static Table table() {
    return Declared.TABLE;
  }

  /** The document of a hold. */
  public static DocRef ref(String holdId) {
    return new DocRef(CreditHolds.COLLECTION, holdId);
  }

  /** The hold of a document. Never fails: a value that cannot be read counts as absent. */
  public static CreditHold decode(Snapshot document) {
    return decode(document.fields());
  }

  /**
   * The hold of a document with what a command has noted on it.
   *
   * @return null where there is neither a document nor a note
   */
  public static @Nullable CreditHold decode(Snapshot document, @Nullable HoldNote note) {
    if (document.fields().isEmpty() && note == null) {
      return null;
    }
    Map<String, Object> fields = new LinkedHashMap<>(document.fields());
    if (note != null) {
      fields.putAll(encode(note));
    }
    return decode(fields);
  }

  private static CreditHold decode(Map<String, Object> fields) {
    return new CreditHold(
        LenientFields.text(fields, CreditHolds.HOLD_ID),
        LenientFields.text(fields, CreditHolds.USER_ID),
        LenientFields.whole(fields, CreditHolds.AMOUNT, 0),
        HoldStatus.parse(LenientFields.text(fields, CreditHolds.STATUS)).orElse(null),
        LenientFields.instant(fields, CreditHolds.EXPIRES_AT),
        LenientFields.text(fields, CreditHolds.JOB_ID),
        LenientFields.whole(fields, CreditHolds.CAPTURED),
        LenientFields.text(fields, CreditHolds.TRANSACTION_ID),
        LenientFields.text(fields, CreditHolds.CODE),
        LenientFields.text(fields, CreditHolds.PLANS_VERSION),
        LenientFields.instant(fields, CreditHolds.CREATED_AT),
        LenientFields.instant(fields, CreditHolds.CLOSED_AT),
        LenientFields.whole(fields, CreditHolds.ATTEMPT),
        LenientFields.whole(fields, CreditHolds.ATTEMPTS),
        LenientFields.instant(fields, CreditHolds.JOB_CREATED_AT),
        null);
  }

  /** Creates the document of a hold. */
  public static Write.Create create(DocRef ref, CreditHold hold) {
    return new Write.Create(ref, encode(hold));
  }

  /** Writes to the document of a hold what a command has noted. */
  public static Write.Merge merge(DocRef ref, HoldNote note) {
    return new Write.Merge(ref, encode(note));
  }

  /** Notes on the hold of a job's first attempt the number of the latest one. */
  public static Write.Update attempts(DocRef first, long latest) {
    return new Write.Update(first, Map.of(CreditHolds.ATTEMPTS, latest));
  }

  /** Exports show the fields in this order: the expiry of a hold that was never open comes late. */
  private static Map<String, Object> encode(CreditHold hold) {
    boolean isOpen = hold.closedAt() == null;
    Map<String, Object> fields = new LinkedHashMap<>();
    put(fields, CreditHolds.HOLD_ID, hold.holdId());
    put(fields, CreditHolds.USER_ID, hold.userId());
    fields.put(CreditHolds.AMOUNT, hold.amount());
    HoldStatus status = hold.status();
    put(fields, CreditHolds.STATUS, status == null ? null : status.wire());
    put(fields, CreditHolds.EXPIRES_AT, isOpen ? hold.expiresAt() : null);
    put(fields, CreditHolds.JOB_ID, hold.jobId());
    put(fields, CreditHolds.CAPTURED, hold.captured());
    put(fields, CreditHolds.TRANSACTION_ID, hold.transactionId());
    put(fields, CreditHolds.EXPIRES_AT, hold.expiresAt());
    put(fields, CreditHolds.PLANS_VERSION, hold.plansVersion());
    put(fields, CreditHolds.CREATED_AT, hold.createdAt());
    put(fields, CreditHolds.CLOSED_AT, hold.closedAt());
    put(fields, CreditHolds.ATTEMPT, hold.attempt());
    put(fields, CreditHolds.JOB_CREATED_AT, hold.jobCreatedAt());
    put(fields, CreditHolds.CODE, hold.code());
    put(fields, CreditHolds.ATTEMPTS, hold.attempts());
    if (hold.charge() != null) {
      TransactionCodec.encode(fields, hold.charge());
    }
    return fields;
  }

  private static Map<String, Object> encode(HoldNote note) {
    Map<String, Object> fields = new LinkedHashMap<>();
    HoldNote.Opened opened = note.opened();
    if (opened != null) {
      fields.putAll(shown(opened.userId(), opened.hold(), HoldStatus.HELD));
    }
    HoldNote.End end = note.end();
    if (end != null) {
      fields.put(CreditHolds.STATUS, end.status().wire());
      fields.put(CreditHolds.CAPTURED, end.captured());
      put(fields, CreditHolds.TRANSACTION_ID, end.transactionId());
      fields.put(CreditHolds.CLOSED_AT, end.closedAt());
    }
    put(fields, CreditHolds.CODE, note.code());
    JobMark mark = note.mark();
    if (mark != null) {
      fields.put(CreditHolds.ATTEMPT, mark.attempt());
      put(fields, CreditHolds.JOB_CREATED_AT, mark.jobCreatedAt());
    }
    HoldNote.Charged charge = note.charge();
    if (charge != null) {
      TransactionCodec.encode(fields, charge.call());
      fields.put(CreditHolds.ACCRUED_MICROS, charge.accruedMicros());
    }
    return fields;
  }

  /** A hold as callers see it. */
  public static Map<String, Object> shown(String userId, OpenHold hold, HoldStatus status) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put(CreditHolds.HOLD_ID, hold.holdId());
    answer.put(CreditHolds.USER_ID, userId);
    answer.put(CreditHolds.AMOUNT, hold.amount());
    answer.put(CreditHolds.STATUS, status.wire());
    answer.put(CreditHolds.EXPIRES_AT, hold.expiresAt());
    put(answer, CreditHolds.JOB_ID, hold.jobId());
    return answer;
  }

  private static void put(Map<String, Object> fields, String name, @Nullable Object value) {
    if (value != null) {
      fields.put(name, value);
    }
  }
}

package dev.meterkite.functions.store;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Refused keys for which the ring of the owner document ({@link CommitLog}) has no room: a document
 * in {@code idempotency_keys} each, written in the commit that notes the overflow in the owner.
 *
 * <p>So every version of the owner that is decided on says whether such documents may exist, and a
 * key is decided only with its document as read together with that version. Their times are real
 * ones.
 */
final class Refusals {
  private Refusals() {}

  /** Where the refusal of a command with a key stands; never where its marker does. */
  static DocRef ref(Command<?> command) {
    DocRef owner = command.owner();
    String key = Objects.requireNonNull(command.key());
    return new DocRef(
        IdempotencyKeys.COLLECTION,
        Ids.uuid("refusal", command.operation(), owner.collection(), owner.id(), key));
  }

  /** Remembers a refusal; over an older one that no longer counts. */
  static Write remember(Command<?> command, String code, Instant real, Duration keep) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(IdempotencyKeys.OPERATION, command.operation());
    fields.put(IdempotencyKeys.OWNER, command.owner().toString());
    fields.put(IdempotencyKeys.REQUEST_HASH, command.requestHash());
    fields.put(IdempotencyKeys.CODE, code);
    fields.put(IdempotencyKeys.CREATED_AT, real);
    fields.put(IdempotencyKeys.EXPIRE_AT, real.plus(keep));
    return new Write.Merge(ref(command), fields);
  }

  /** The refusal in this document that still counts at this real time, or null. */
  static CommitLog.@Nullable Entry young(Snapshot document, Instant real, Duration keep) {
    Map<String, Object> fields = document.fields();
    return fields.get(IdempotencyKeys.REQUEST_HASH) instanceof String hash
            && fields.get(IdempotencyKeys.CODE) instanceof String code
            && fields.get(IdempotencyKeys.CREATED_AT) instanceof Instant at
            && at.getEpochSecond() > real.minus(keep).getEpochSecond()
        ? new CommitLog.Entry(CommitLog.requestHash(hash), code, at.getEpochSecond())
        : null;
  }
}

package dev.meterkite.functions.events;

import com.google.events.cloud.firestore.v1.DocumentEventData;
import com.google.firestore.v1.Document;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.meterkite.functions.store.Values;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import io.cloudevents.CloudEvent;
import io.cloudevents.CloudEventData;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a document's change from the payload of an event: {@code DocumentEventData} as protobuf.
 *
 * <p>Collection and id come from the document's name in the payload. The headers say the same, but
 * the framework splits them at commas, and nothing decodes their percent signs.
 */
final class ChangeReader {
  private static final Pattern NAME =
      Pattern.compile("projects/[^/]+/databases/[^/]+/documents/([^/]+)/([^/]+)");

  private ChangeReader() {}

  /** Says what is wrong with an event that nobody can read. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1;

    Malformed(String reason) {
      super(reason, null, false, false);
    }
  }

  static DocumentChange read(CloudEvent event) throws Malformed {
    CloudEventData data = event.getData();
    if (data == null) {
      throw new Malformed("no_payload");
    }
    try {
      DocumentEventData payload = DocumentEventData.parseFrom(data.toBytes());
      // The events' own Document is Firestore's under another name: the same bytes.
      Document after = Document.parseFrom(payload.getValue().toByteString());
      Document before = Document.parseFrom(payload.getOldValue().toByteString());
      return change(event, before, after);
    } catch (InvalidProtocolBufferException e) {
      throw new Malformed("no_document_event_data");
    } catch (DateTimeException | ArithmeticException e) {
      // A timestamp that no calendar holds; Firestore stores none such.
      throw new Malformed("no_moment");
    }
  }

  private static DocumentChange change(CloudEvent event, Document before, Document after)
      throws Malformed {
    String name = after.getName().isEmpty() ? before.getName() : after.getName();
    boolean both = !after.getName().isEmpty() && !before.getName().isEmpty();
    if (both && !before.getName().equals(after.getName())) {
      throw new Malformed("two_documents");
    }
    Matcher parts = NAME.matcher(name);
    if (!parts.matches() || !DocRef.isId(parts.group(2))) {
      throw new Malformed("no_document_name");
    }
    DocRef ref = new DocRef(parts.group(1), parts.group(2));
    Instant time = time(event, before, after);
    return new DocumentChange(
        ref, snapshot(ref, before, time), snapshot(ref, after, time), time, event.getId());
  }

  private static Snapshot snapshot(DocRef ref, Document document, Instant otherwise) {
    if (document.getName().isEmpty()) {
      return Snapshot.absent(ref);
    }
    Instant updated =
        document.hasUpdateTime() ? Values.toInstant(document.getUpdateTime()) : otherwise;
    return new Snapshot(ref, Values.toMap(document.getFieldsMap()), updated);
  }

  private static Instant time(CloudEvent event, Document before, Document after) {
    if (event.getTime() != null) {
      return event.getTime().toInstant().truncatedTo(ChronoUnit.MICROS);
    }
    return Values.toInstant((after.hasUpdateTime() ? after : before).getUpdateTime());
  }
}

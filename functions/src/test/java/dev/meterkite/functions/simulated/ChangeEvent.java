package dev.meterkite.functions.simulated;

import com.google.events.cloud.firestore.v1.Document;
import com.google.events.cloud.firestore.v1.DocumentEventData;
import com.google.events.cloud.firestore.v1.DocumentMask;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.meterkite.functions.store.Values;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Snapshot;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import java.net.URI;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;

/** A document's change as the CloudEvent that Eventarc sends. */
final class ChangeEvent {
  private static final String TYPE = "google.cloud.firestore.document.v1.";
  private static final String DATABASE = "projects/simulated/databases/(default)";

  private ChangeEvent() {}

  /**
   * The event of a change.
   *
   * @param kind created, updated, deleted or written, as the trigger asks for
   */
  static CloudEvent of(Change change, String kind, String id, Platform platform) {
    DocumentEventData.Builder data = DocumentEventData.newBuilder();
    if (change.after().exists()) {
      data.setValue(document(change.after()));
    }
    if (change.before().exists()) {
      data.setOldValue(document(change.before()));
    }
    if (change.after().exists() && change.before().exists()) {
      data.setUpdateMask(
          platform.namesChangedFields() ? changedFields(change) : DocumentMask.newBuilder());
    }
    Instant time =
        platform.wholeSeconds() ? change.time().truncatedTo(ChronoUnit.SECONDS) : change.time();
    return CloudEventBuilder.v1()
        .withId(id)
        .withSource(URI.create("//firestore.googleapis.com/" + DATABASE))
        .withType(TYPE + kind)
        .withSubject("documents/" + change.ref().collection())
        .withTime(time.atOffset(ZoneOffset.UTC))
        .withDataContentType("application/protobuf")
        .withData(data.build().toByteArray())
        .build();
  }

  private static Document document(Snapshot snapshot) {
    com.google.firestore.v1.Document document =
        com.google.firestore.v1.Document.newBuilder()
            .setName(DATABASE + "/documents/" + snapshot.ref())
            .putAllFields(Values.toFields(snapshot.fields()))
            .setUpdateTime(Values.toTimestamp(Objects.requireNonNull(snapshot.updateTime())))
            .build();
    try {
      // The events' own Document is Firestore's under another name: the same bytes.
      return Document.parseFrom(document.toByteString());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  private static DocumentMask.Builder changedFields(Change change) {
    Map<String, Object> before = change.before().fields();
    Map<String, Object> after = change.after().fields();
    TreeSet<String> names = new TreeSet<>(before.keySet());
    names.addAll(after.keySet());
    DocumentMask.Builder mask = DocumentMask.newBuilder();
    for (String name : names) {
      if (before.containsKey(name) != after.containsKey(name)
          || !Objects.equals(before.get(name), after.get(name))) {
        mask.addFieldPaths(FieldPath.of(name));
      }
    }
    return mask;
  }

  /** Bytes of an event, about. */
  static int size(Change change) {
    return Contents.size(change.ref(), change.before().fields())
        + Contents.size(change.ref(), change.after().fields());
  }
}

package dev.meterkite.functions.events;

import com.google.events.cloud.firestore.v1.Document;
import com.google.events.cloud.firestore.v1.DocumentEventData;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.meterkite.functions.store.Values;
import dev.meterkite.model.document.DocRef;
import io.cloudevents.CloudEvent;
import io.cloudevents.CloudEventData;
import io.cloudevents.SpecVersion;
import java.net.URI;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Set;

/** An event that a test makes up; the payload may be null. */
public record FakeEvent(ByteString payload, OffsetDateTime time, Map<String, String> extensions)
    implements CloudEvent {
  private static final String DOCUMENTS = "projects/p/databases/(default)/documents/";

  /**
   * The event of one document's change; empty fields for no document before or after.
   *
   * @param before what it held before
   * @param after what it holds now
   */
  public static FakeEvent of(DocRef ref, Map<String, Object> before, Map<String, Object> after) {
    DocumentEventData.Builder data = DocumentEventData.newBuilder();
    try {
      if (!before.isEmpty()) {
        data.setOldValue(Document.parseFrom(document(ref, before).toByteString()));
      }
      if (!after.isEmpty()) {
        data.setValue(Document.parseFrom(document(ref, after).toByteString()));
      }
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
    return new FakeEvent(data.build().toByteString(), OffsetDateTime.now(ZoneOffset.UTC), Map.of());
  }

  private static com.google.firestore.v1.Document document(DocRef ref, Map<String, Object> fields) {
    return com.google.firestore.v1.Document.newBuilder()
        .setName(DOCUMENTS + ref)
        .putAllFields(Values.toFields(fields))
        .build();
  }

  @Override
  public CloudEventData getData() {
    return payload == null ? null : payload::toByteArray;
  }

  @Override
  public SpecVersion getSpecVersion() {
    return SpecVersion.V1;
  }

  @Override
  public String getId() {
    return "event-1";
  }

  @Override
  public String getType() {
    return "google.cloud.firestore.document.v1.written";
  }

  @Override
  public URI getSource() {
    return URI.create("//firestore.googleapis.com/projects/projects/p");
  }

  @Override
  public String getDataContentType() {
    return "application/protobuf";
  }

  @Override
  public URI getDataSchema() {
    return null;
  }

  @Override
  public String getSubject() {
    return "documents/headers/are, never%20read";
  }

  @Override
  public OffsetDateTime getTime() {
    return time;
  }

  @Override
  public Object getAttribute(String name) {
    return null;
  }

  @Override
  public Object getExtension(String name) {
    return extensions.get(name);
  }

  @Override
  public Set<String> getExtensionNames() {
    return extensions.keySet();
  }
}

package dev.meterkite.functions.events;

import com.google.protobuf.ByteString;
import io.cloudevents.CloudEvent;
import io.cloudevents.CloudEventData;
import io.cloudevents.SpecVersion;
import java.net.URI;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Set;

/** An event that a test makes up; the payload may be null. */
record FakeEvent(ByteString payload, OffsetDateTime time, Map<String, String> extensions)
    implements CloudEvent {
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

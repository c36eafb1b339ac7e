package dev.meterkite.functions.fuzz;

import com.google.firestore.v1.Document;
import com.google.firestore.v1.Value;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Timestamp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Makes CloudEvents of documents that are not there, mangled in payload and attributes. The same
 * seed makes the same event.
 */
final class BadEvents {
  private static final String DOCUMENTS = "projects/p/databases/(default)/documents/";
  private static final int OLD_VALUE = 2;
  private static final int VALUE = 1;

  private final Random random;
  private final Garbage garbage;
  private final String collection;

  /** Attributes of the event as headers. */
  final Map<String, String> attributes = new LinkedHashMap<>();

  byte[] payload;
  String story;

  /** An event for the trigger of this collection. */
  BadEvents(String collection, long seed) {
    this.random = new Random(seed);
    this.garbage = new Garbage(random);
    this.collection = collection;
    attributes.put("ce-specversion", "1.0");
    attributes.put("ce-id", "e" + seed);
    attributes.put("ce-source", "//firestore.googleapis.com/projects/p/databases/(default)");
    attributes.put("ce-type", "google.cloud.firestore.document.v1.written");
    attributes.put("ce-time", "2026-01-01T00:00:00Z");
    attributes.put("ce-subject", "documents/" + collection + "/x");
    attributes.put("Content-Type", "application/protobuf");
    payload(seed);
    if (random.nextInt(4) == 0) {
      attribute();
    }
  }

  private void payload(long seed) {
    String id = "nobody-" + seed;
    byte[] right = event(document(name(id)), document(name(id)));
    switch (random.nextInt(14)) {
      case 0 -> is("cut short", Arrays.copyOf(right, random.nextInt(right.length)));
      case 1 -> is("bytes changed", changed(right, 1 + random.nextInt(10)));
      case 2 -> is("any bytes", random(random.nextInt(2_000)));
      case 3 -> is("Base64", Base64.getEncoder().encode(right));
      case 4 -> is("JSON", "{\"value\": {\"name\": \"x\"}}".getBytes(StandardCharsets.UTF_8));
      case 5 -> is("nothing", new byte[0]);
      case 6 -> is("a name from anywhere", event(document(anyName()), document(anyName())));
      case 7 -> is("two documents", event(document(name(id)), document(name(id + "2"))));
      case 8 -> is("came and is gone", event(document(name(id)), null));
      case 9 -> is("times out of range", event(timed(id), timed(id)));
      case 10 -> is("a mebibyte", event(null, large(id)));
      case 11 -> is("nested deeply", event(null, nested(id)));
      case 12 -> is("unknown fields", unknown(right));
      default -> is("garbage", right);
    }
  }

  private void is(String what, byte[] bytes) {
    story = what;
    payload = bytes;
  }

  private static String escaped(String id) {
    return DOCUMENTS + id;
  }

  private String name(String id) {
    return escaped(collection + "/" + id);
  }

  private String anyName() {
    return garbage.any(
        List.of(
            "",
            "x",
            collection + "/x",
            escaped(collection),
            escaped("other/x"),
            name("a/b/c"),
            name(".."),
            name("."),
            name("__x__"),
            name("😀,%2F"),
            name("x".repeat(1_500)),
            name("x".repeat(1_501)),
            name(" "),
            name("\n"),
            escaped("/x"),
            name(""),
            name("_global"),
            name("\u0000")));
  }

  private Document.Builder document(String name) {
    return Document.newBuilder()
        .setName(name)
        .putAllFields(garbage.document(collection))
        .setUpdateTime(Timestamp.newBuilder().setSeconds(1_767_225_600L));
  }

  private Document.Builder timed(String id) {
    Timestamp far =
        Timestamp.newBuilder()
            .setSeconds(garbage.any(List.of(Long.MAX_VALUE, Long.MIN_VALUE, 253_402_300_800L)))
            .setNanos(garbage.any(List.of(Integer.MAX_VALUE, Integer.MIN_VALUE, -1)))
            .build();
    attributes.remove("ce-time");
    return document(name(id))
        .setUpdateTime(far)
        .setCreateTime(far)
        .putFields("created_at", Value.newBuilder().setTimestampValue(far).build());
  }

  private Document.Builder large(String id) {
    Value text = Value.newBuilder().setStringValue("x".repeat(1_000_000)).build();
    return document(name(id)).putFields("topic", text);
  }

  private Document.Builder nested(String id) {
    Value.Builder value = Value.newBuilder().setIntegerValue(1);
    for (int i = 10 + random.nextInt(100); i > 0; i--) {
      Value.Builder outer = Value.newBuilder();
      outer.getMapValueBuilder().putFields("a", value.build());
      value = outer;
    }
    return document(name(id)).putFields("details", value.build());
  }

  /** DocumentEventData, written by hand: what its parser thinks of it is for the trigger. */
  private static byte[] event(Document.Builder before, Document.Builder after) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      if (after != null) {
        out.writeByteArray(VALUE, after.build().toByteArray());
      }
      if (before != null) {
        out.writeByteArray(OLD_VALUE, before.build().toByteArray());
      }
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot fail", e);
    }
    return bytes.toByteArray();
  }

  private static byte[] unknown(byte[] event) {
    ByteString more = ByteString.copyFrom(new byte[] {(byte) 0xfa, 0x3f, 2, 'h', 'i'});
    return ByteString.copyFrom(event).concat(more).toByteArray();
  }

  private byte[] changed(byte[] bytes, int times) {
    byte[] changed = bytes.clone();
    for (int i = 0; i < times; i++) {
      changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
    }
    return changed;
  }

  private byte[] random(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** Attributes that are odd and still those of a CloudEvent. */
  private void attribute() {
    String name =
        garbage.any(List.of("ce-id", "ce-subject", "ce-type", "ce-source", "ce-x", "traceparent"));
    String value =
        garbage.any(
            List.of(
                "x", "a,b", "%2F%zz", "😀", "x".repeat(3_000), "..", "{0}", "${jndi:ldap://x}"));
    // A source that is no URI makes it no CloudEvent: the framework's to refuse.
    attributes.put(name, name.equals("ce-source") ? "//x?" + "a".repeat(2_000) : value);
    story += ", " + name;
    if (random.nextInt(3) == 0) {
      attributes.put("Content-Type", garbage.any(List.of("application/json", "text/plain", "x")));
      story += ", content type";
    }
  }

  /** The request that brings it. */
  byte[] request() {
    StringBuilder head =
        new StringBuilder("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
    attributes.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    head.append("Content-Length: ").append(payload.length).append("\r\n\r\n");
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(head.toString().getBytes(StandardCharsets.UTF_8));
    all.writeBytes(payload);
    return all.toByteArray();
  }

  /** An event of one document as it stands now, created or updated. */
  static BadEvents written(String collection, String id, Map<String, Value> fields, long seed) {
    BadEvents event = new BadEvents(collection, seed);
    Document.Builder now = Document.newBuilder().setName(event.name(id)).putAllFields(fields);
    event.attributes.put("ce-id", "written" + seed);
    event.is("garbage stored", event(null, now));
    return event;
  }
}

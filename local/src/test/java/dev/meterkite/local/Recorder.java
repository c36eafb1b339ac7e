package dev.meterkite.local;

import com.google.cloud.functions.CloudEventsFunction;
import com.google.events.cloud.firestore.v1.DocumentEventData;
import io.cloudevents.CloudEvent;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Keeps what it is told of; a document whose id begins with {@code fail-N} fails N times first. */
public final class Recorder implements CloudEventsFunction {
  record Seen(String id, String type, Instant time, String document) {}

  static final BlockingQueue<Seen> SEEN = new LinkedBlockingQueue<>();
  private static final Map<String, AtomicInteger> FAILURES = new ConcurrentHashMap<>();

  @Override
  public void accept(CloudEvent event) throws Exception {
    byte[] bytes = Objects.requireNonNull(event.getData()).toBytes();
    DocumentEventData data = DocumentEventData.parseFrom(bytes);
    String name = (data.hasValue() ? data.getValue() : data.getOldValue()).getName();
    String id = name.substring(name.indexOf("/documents/") + "/documents/".length());
    int at = id.indexOf("/fail-");
    if (at >= 0) {
      int wanted = Integer.parseInt(id.substring(at + 6, at + 7));
      if (FAILURES.computeIfAbsent(name, any -> new AtomicInteger()).incrementAndGet() <= wanted) {
        throw new IllegalStateException("wanted failure of " + id);
      }
    }
    Instant time = Objects.requireNonNull(event.getTime()).toInstant();
    SEEN.add(new Seen(event.getId(), event.getType(), time, id));
  }
}

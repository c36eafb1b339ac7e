package dev.meterkite.functions.http;

import com.google.cloud.functions.HttpRequest;
import dev.meterkite.model.document.Digests;
import dev.meterkite.model.schema.Violation;
import io.cloudevents.CloudEvent;
import io.cloudevents.CloudEventData;
import io.cloudevents.SpecVersion;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.http.HttpMessageFactory;
import io.cloudevents.rw.CloudEventRWException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The three ways in which CloudEvents 1.0 come over HTTP, read as the body that a caller without
 * events would have sent: the data of one event is the body itself, the data of a batch are its
 * {@code records}.
 *
 * <p>Source and id of an event become the {@code idempotency_key} of its data, so that an event is
 * the same however often, in whatever company and form it comes; its time becomes the {@code
 * timestamp} of data that have none. Data are a JSON object.
 */
enum CloudEventForm {
  /** {@code application/cloudevents+json}: attributes and data in one object. */
  STRUCTURED,
  /** {@code application/cloudevents-batch+json}: an array of such objects. */
  BATCH,
  /** {@code application/json} with attributes in headers {@code ce-*}: the body is the data. */
  BINARY;

  /** The list that a batch becomes. */
  static final String RECORDS = "records";

  private static final String KEY = "idempotency_key";
  private static final String TIMESTAMP = "timestamp";
  private static final String STRUCTURED_TYPE = "application/cloudevents+json";
  private static final String BATCH_TYPE = "application/cloudevents-batch+json";
  private static final String VERSION = "ce-specversion";
  private static final Set<String> REQUIRED = Set.of(VERSION, "ce-id", "ce-source", "ce-type");
  private static final Pattern ENCODED = Pattern.compile("(%[0-9A-Fa-f]{2})+");
  private static final int HALF_HASH = 16;

  /**
   * The form of a request; null where it brings no CloudEvent. One required attribute in a header
   * makes it an event, so that one that lacks another is refused and not read as a plain record.
   */
  static @Nullable CloudEventForm of(HttpRequest request) {
    String type = request.getContentType().orElse("");
    if (MediaType.is(type, STRUCTURED_TYPE)) {
      return STRUCTURED;
    }
    if (MediaType.is(type, BATCH_TYPE)) {
      return BATCH;
    }
    boolean attributes =
        request.getHeaders().keySet().stream()
            .anyMatch(name -> REQUIRED.contains(name.toLowerCase(Locale.ROOT)));
    return attributes && MediaType.isJson(type) ? BINARY : null;
  }

  /**
   * The members of the body that the events stand for.
   *
   * @throws Refusal 400 with the first thing that is wrong with each event that is no CloudEvent,
   *     or whose data are no JSON object
   */
  Map<String, Object> members(HttpRequest request, byte[] body) throws Refusal {
    return switch (this) {
      case STRUCTURED -> record("", event("", Json.readObject(body)));
      case BINARY -> record("", binary(request, body));
      case BATCH -> batch(Json.readList(body));
    };
  }

  /** The idempotency key of the whole request, made of the keys of its events. */
  static String key(Map<String, Object> members) {
    if (!(members.get(RECORDS) instanceof List<?> records)) {
      return String.valueOf(members.get(KEY));
    }
    StringBuilder keys = new StringBuilder();
    records.forEach(item -> keys.append(item instanceof Map<?, ?> map ? map.get(KEY) : ""));
    return "ce-" + hash(keys.toString());
  }

  private static Map<String, Object> batch(List<Object> items) throws Refusal {
    List<Object> records = new ArrayList<>();
    List<Violation> faults = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      String path = "[" + i + "]";
      try {
        if (!(items.get(i) instanceof Map<?, ?> envelope)) {
          throw invalid(path, "must be a CloudEvent");
        }
        records.add(record(path, event(path, envelope)));
      } catch (Refusal refusal) {
        faults.addAll(refusal.faults(path));
      }
    }
    if (!faults.isEmpty()) {
      throw new Refusal(Problem.invalid(faults));
    }
    Map<String, Object> members = new LinkedHashMap<>();
    members.put(RECORDS, records);
    return members;
  }

  private static CloudEvent binary(HttpRequest request, byte[] body) throws Refusal {
    try {
      Map<String, String> headers = new LinkedHashMap<>();
      request
          .getHeaders()
          .forEach(
              (name, values) -> headers.put(name.toLowerCase(Locale.ROOT), value(name, values)));
      if (!"1.0".equals(headers.get(VERSION))) {
        throw invalid(VERSION, "must be 1.0");
      }
      return HttpMessageFactory.createReader(headers, body).toEvent();
    } catch (CloudEventRWException | IllegalArgumentException | IllegalStateException e) {
      throw invalid("", "is no CloudEvent 1.0: " + e.getMessage());
    }
  }

  /**
   * The one value of a header. Some servers split headers at commas, which an attribute may
   * contain; and attributes are percent-encoded in headers, which the SDK leaves to us.
   */
  private static String value(String name, List<String> values) {
    return name.toLowerCase(Locale.ROOT).startsWith("ce-")
        ? decoded(String.join(",", values))
        : values.get(0);
  }

  private static String decoded(String value) {
    return ENCODED
        .matcher(value)
        .replaceAll(
            run -> {
              byte[] bytes = HexFormat.of().parseHex(run.group().replace("%", ""));
              return Matcher.quoteReplacement(utf8(bytes));
            });
  }

  /** Two sources must not become one by what cannot be decoded. */
  private static String utf8(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("percent-encoded bytes that are no UTF-8", e);
    }
  }

  private static CloudEvent event(String path, Map<?, ?> envelope) throws Refusal {
    if (!"1.0".equals(envelope.get("specversion"))) {
      throw invalid(Fields.join(path, "specversion"), "must be 1.0");
    }
    CloudEventBuilder event = CloudEventBuilder.fromSpecVersion(SpecVersion.V1);
    for (Map.Entry<?, ?> member : envelope.entrySet()) {
      String name = String.valueOf(member.getKey());
      try {
        attribute(event, name, member.getValue());
      } catch (CloudEventRWException
          | IllegalArgumentException
          | ArithmeticException
          | DateTimeException e) {
        throw invalid(Fields.join(path, name), "is no valid attribute of a CloudEvent");
      }
    }
    byte[] data = data(path, envelope);
    try {
      return event.withData(data).build();
    } catch (CloudEventRWException | IllegalStateException e) {
      throw invalid(path, "is no CloudEvent 1.0: " + e.getMessage());
    }
  }

  private static void attribute(CloudEventBuilder event, String name, @Nullable Object value) {
    if (value == null || List.of("specversion", "data", "data_base64").contains(name)) {
      return;
    }
    if (value instanceof Boolean flag) {
      event.withExtension(name, flag);
    } else if (value instanceof BigDecimal number) {
      event.withExtension(name, number.intValueExact());
    } else if (value instanceof String text) {
      event.withContextAttribute(name, text);
    } else {
      throw new IllegalArgumentException("neither text nor number nor flag");
    }
  }

  private static byte[] data(String path, Map<?, ?> envelope) throws Refusal {
    Object data = envelope.get("data");
    if (data instanceof Map<?, ?> members && envelope.get("data_base64") == null) {
      @SuppressWarnings("unchecked") // Json reads names as strings
      Map<String, Object> named = (Map<String, Object>) members;
      return Json.write(named).getBytes(StandardCharsets.UTF_8);
    }
    if (data == null && envelope.get("data_base64") instanceof String encoded) {
      try {
        return Base64.getDecoder().decode(encoded);
      } catch (IllegalArgumentException e) {
        throw invalid(Fields.join(path, "data_base64"), "must be Base64");
      }
    }
    throw invalid(Fields.join(path, "data"), "must be a JSON object");
  }

  private static Map<String, Object> record(String path, CloudEvent event) throws Refusal {
    String type = event.getDataContentType();
    if (type != null && !MediaType.isJson(type)) {
      throw invalid(Fields.join(path, "datacontenttype"), "must be JSON");
    }
    CloudEventData data = event.getData();
    if (data == null) {
      throw invalid(Fields.join(path, "data"), "must be a JSON object");
    }
    Map<String, Object> record = new LinkedHashMap<>(Json.readObject(data.toBytes()));
    if (record.containsKey(KEY)) {
      throw invalid(Fields.join(path, "data." + KEY), "is the event's source and id");
    }
    String source = event.getSource().toString();
    // The SDK takes empty ones, and all such events would share one key.
    mustNotBeBlank(path, "id", event.getId());
    mustNotBeBlank(path, "source", source);
    mustNotBeBlank(path, "type", event.getType());
    record.put(KEY, "ce-" + hash(source.length() + ":" + source + event.getId()));
    if (record.get(TIMESTAMP) == null && event.getTime() != null) {
      record.put(TIMESTAMP, event.getTime().toInstant().truncatedTo(ChronoUnit.MICROS).toString());
    }
    return record;
  }

  private static void mustNotBeBlank(String path, String attribute, String value) throws Refusal {
    if (value.isBlank()) {
      throw invalid(Fields.join(path, attribute), "must not be empty");
    }
  }

  private static String hash(String text) {
    return HexFormat.of().formatHex(Digests.sha256(text), 0, HALF_HASH);
  }

  private static Refusal invalid(String field, String message) {
    String named = field.isEmpty() ? "event" : Fields.cut(field);
    return new Refusal(Problem.invalid(List.of(new Violation(named, "format", message))));
  }
}

package dev.meterkite.functions.spans;

import dev.meterkite.functions.http.Fields;
import dev.meterkite.model.schema.Violation;
import dev.meterkite.model.spans.SpanReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The spans of a request, each as it could be read. Members that OTLP does not have, or not yet,
 * are ignored, as its specification demands.
 */
record SpanBatch(List<SpanReader.Result> spans) {
  private static final String RESOURCES = "resourceSpans";

  SpanBatch {
    spans = List.copyOf(spans);
  }

  static SpanBatch parse(Fields fields) {
    List<SpanReader.Result> spans = new ArrayList<>();
    Object resources = fields.members().get(RESOURCES);
    for (Part resource : parts(fields, RESOURCES, resources)) {
      for (Part scope : resource.parts(fields, "scopeSpans")) {
        for (Part span : scope.parts(fields, "spans")) {
          spans.add(SpanReader.read(resource.map().get("resource"), span.map()));
        }
      }
    }
    return new SpanBatch(spans);
  }

  /** An object of the body, and where it is. */
  private record Part(String path, Map<?, ?> map) {
    List<Part> parts(Fields fields, String name) {
      return SpanBatch.parts(fields, path + "." + name, map.get(name));
    }
  }

  /** The objects of a list, which may be absent; anything else is a fault of the request. */
  private static List<Part> parts(Fields fields, String path, @Nullable Object value) {
    List<Part> parts = new ArrayList<>();
    if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        String place = path + "[" + i + "]";
        if (list.get(i) instanceof Map<?, ?> map) {
          parts.add(new Part(place, map));
        } else {
          fields.fault(place, Violation.WRONG_TYPE, "must be an object");
        }
      }
    } else if (value != null) {
      fields.fault(path, Violation.WRONG_TYPE, "must be a list");
    }
    return parts;
  }
}

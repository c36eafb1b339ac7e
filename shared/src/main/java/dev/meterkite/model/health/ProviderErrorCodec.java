package dev.meterkite.model.health;

import dev.meterkite.model.document.FieldValues;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Error bodies of providers, parsed to maps, lists and strings, in flat form. */
final class ProviderErrorCodec {
  private ProviderErrorCodec() {}

  static ProviderError decode(
      String provider, int status, @Nullable Object body, @Nullable String header) {
    Object whole = body;
    if (body instanceof List<?> list && !list.isEmpty()) {
      whole = list.get(0);
    }
    Map<String, @Nullable Object> fields = FieldValues.map(whole);
    @Nullable Object detail = fields.get("detail");
    if (detail != null) {
      return detail(provider, status, detail, header);
    }
    @Nullable Object inner = fields.get("error");
    Map<String, @Nullable Object> error = inner instanceof Map ? FieldValues.map(inner) : fields;
    StringBuilder code = new StringBuilder(text(error.get("code")));
    code.append(' ').append(text(error.get("status")));
    @Nullable String retry = header;
    for (Object entry : FieldValues.list(error.get("details"))) {
      Map<String, @Nullable Object> info = FieldValues.map(entry);
      code.append(' ').append(text(info.get("reason")));
      for (Object violation : FieldValues.list(info.get("violations"))) {
        code.append(' ').append(text(FieldValues.map(violation).get("quotaId")));
      }
      retry = retry == null ? FieldValues.text(info.get("retryDelay")) : retry;
    }
    String message = inner instanceof String said ? said : text(error.get("message"));
    return new ProviderError(
        provider, status, code.toString().strip(), text(error.get("type")), message, retry);
  }

  private static ProviderError detail(
      String provider, int status, Object detail, @Nullable String header) {
    Object first = detail instanceof List<?> list && !list.isEmpty() ? list.get(0) : detail;
    Map<String, @Nullable Object> fields = FieldValues.map(first);
    String message = text(fields.get("message")) + text(fields.get("msg"));
    return new ProviderError(
        provider,
        status,
        (text(fields.get("status")) + " " + text(fields.get("code"))).strip(),
        text(fields.get("type")),
        detail instanceof String said ? said : message,
        header);
  }

  private static String text(@Nullable Object value) {
    String text = FieldValues.text(value);
    return text == null ? "" : text;
  }
}

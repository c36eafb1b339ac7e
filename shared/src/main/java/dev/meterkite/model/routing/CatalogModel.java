package dev.meterkite.model.routing;

import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.PriceVersion;
import dev.meterkite.model.quotas.QuotaLimits;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.schema.Schema.ModelCatalog;
import dev.meterkite.model.time.Window;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A model that the router may choose.
 *
 * @param provider the provider's id, not empty
 * @param modelId the model's id, not empty
 * @param taskTypes what it can do
 * @param enabled whether it may be chosen
 * @param contextTokens the most input, in the unit of the price, and output tokens of one call
 * @param languages the languages it can do, in lower case; empty for all
 * @param price what its calls cost
 * @param limits its quota; no windows for none
 */
public record CatalogModel(
    String provider,
    String modelId,
    Set<TaskType> taskTypes,
    boolean enabled,
    long contextTokens,
    Set<String> languages,
    ModelPrice price,
    QuotaLimits limits) {

  /** The longest context. */
  public static final long MAX_CONTEXT = 100_000_000;

  public CatalogModel {
    taskTypes = Set.copyOf(taskTypes);
    languages = Set.copyOf(languages);
    if (provider.isEmpty() || modelId.isEmpty()) {
      throw new IllegalArgumentException("a model has a provider and an id");
    }
    if (contextTokens < 0 || contextTokens > MAX_CONTEXT) {
      throw new IllegalArgumentException("out of range: " + provider + "/" + modelId);
    }
  }

  /**
   * The same with the full price that counts now. It is not offered from the day on, in UTC, from
   * which its provider no longer does; calls of it are still charged.
   */
  public CatalogModel with(PriceVersion version, Instant now) {
    LocalDate gone = version.deprecatedOn();
    boolean isGone = gone != null && !LocalDate.ofInstant(now, ZoneOffset.UTC).isBefore(gone);
    return new CatalogModel(
        provider,
        modelId,
        taskTypes,
        enabled && !isGone,
        contextTokens,
        languages,
        price.with(version),
        limits);
  }

  /** Provider and model, as decisions name it: {@code openai/gpt-4o}. */
  public String name() {
    return provider + "/" + modelId;
  }

  /** The id of its documents in the catalogue and in the quotas. */
  public String id() {
    return QuotaRules.id(provider, modelId);
  }

  /**
   * The model in a document of the catalogue; empty if a field is missing, of another type or out
   * of range. Task types, languages and windows that nobody knows are passed over.
   */
  public static Optional<CatalogModel> decode(Snapshot document) {
    Map<String, @Nullable Object> fields = FieldValues.map(document.fields());
    String provider = FieldValues.text(fields.get(ModelCatalog.PROVIDER));
    String modelId = FieldValues.text(fields.get(ModelCatalog.MODEL_ID));
    Long context = FieldValues.integer(fields.get(ModelCatalog.CONTEXT_TOKENS));
    if (provider == null || modelId == null || context == null) {
      return Optional.empty();
    }
    try {
      Optional<ModelPrice> price = ModelPrice.decode(fields);
      if (price.isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(
          new CatalogModel(
              provider,
              modelId,
              taskTypes(fields.get(ModelCatalog.TASK_TYPES)),
              !Boolean.FALSE.equals(fields.get(ModelCatalog.ENABLED)),
              context,
              languages(fields.get(ModelCatalog.LANGUAGES)),
              price.get(),
              limits(fields, document.updateTime())));
    } catch (IllegalArgumentException | DateTimeException outOfRange) {
      return Optional.empty();
    }
  }

  private static Set<TaskType> taskTypes(@Nullable Object value) {
    Set<TaskType> types = EnumSet.noneOf(TaskType.class);
    for (Object word : FieldValues.list(value)) {
      TaskType.parse(FieldValues.text(word)).ifPresent(types::add);
    }
    return types;
  }

  private static Set<String> languages(@Nullable Object value) {
    Set<String> languages = new TreeSet<>();
    for (Object word : FieldValues.list(value)) {
      if (word instanceof String language) {
        languages.add(language);
      }
    }
    return languages;
  }

  private static QuotaLimits limits(
      Map<String, @Nullable Object> fields, @Nullable Instant updatedAt) {
    String zone = FieldValues.text(fields.get(ModelCatalog.TIME_ZONE));
    Map<Window, QuotaLimits.Limit> windows = new EnumMap<>(Window.class);
    FieldValues.map(fields.get(ModelCatalog.WINDOWS))
        .forEach(
            (word, value) -> {
              Map<String, @Nullable Object> limit = FieldValues.map(value);
              Window.parse(word)
                  .ifPresent(
                      window ->
                          windows.put(
                              window,
                              new QuotaLimits.Limit(
                                  FieldValues.integer(limit.get(ModelCatalog.TOKENS_LIMIT)),
                                  FieldValues.integer(limit.get(ModelCatalog.REQUESTS_LIMIT)))));
            });
    return new QuotaLimits(zone == null ? ZoneOffset.UTC : ZoneId.of(zone), windows, updatedAt);
  }

  /** The fields of its document. */
  public Map<String, Object> encode() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(ModelCatalog.PROVIDER, provider);
    fields.put(ModelCatalog.MODEL_ID, modelId);
    List<Object> types = new ArrayList<>();
    taskTypes.stream().sorted().forEach(type -> types.add(type.wire()));
    fields.put(ModelCatalog.TASK_TYPES, types);
    fields.put(ModelCatalog.ENABLED, enabled);
    fields.put(ModelCatalog.CONTEXT_TOKENS, contextTokens);
    fields.put(ModelCatalog.LANGUAGES, List.copyOf(new TreeSet<>(languages)));
    fields.putAll(price.encode());
    fields.put(ModelCatalog.TIME_ZONE, limits.zone().getId());
    Map<String, Object> windows = new LinkedHashMap<>();
    limits
        .windows()
        .forEach(
            (window, limit) -> {
              Map<String, Object> figures = new LinkedHashMap<>();
              if (limit.tokens() != null) {
                figures.put(ModelCatalog.TOKENS_LIMIT, limit.tokens());
              }
              if (limit.requests() != null) {
                figures.put(ModelCatalog.REQUESTS_LIMIT, limit.requests());
              }
              windows.put(window.wire(), figures);
            });
    fields.put(ModelCatalog.WINDOWS, windows);
    return fields;
  }
}

package dev.meterkite.openfeature;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.openfeature.sdk.EvaluationContext;
import dev.openfeature.sdk.FeatureProvider;
import dev.openfeature.sdk.ImmutableMetadata;
import dev.openfeature.sdk.Metadata;
import dev.openfeature.sdk.ProviderEvaluation;
import dev.openfeature.sdk.Reason;
import dev.openfeature.sdk.Value;
import dev.openfeature.sdk.exceptions.FlagNotFoundError;
import dev.openfeature.sdk.exceptions.TargetingKeyMissingError;
import dev.openfeature.sdk.exceptions.TypeMismatchError;
import java.net.URI;
import java.time.InstantSource;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Resolves flags and settings by {@code customer-config}. The targeting key is the customer; the
 * attribute {@value #SCENE} picks one of its scenes.
 *
 * <p>A flag ({@code tactile}) or a switch of a scene ({@code tactile_enabled}) is a boolean; {@code
 * data_pack_tier} a string, {@code max_variations} an integer, {@code min_quality_score} a double,
 * {@code vla_models} and {@code custom_settings} objects. The variant is the word for who decided
 * ({@code flag}, {@code tier_cap} …), and the metadata hold it as {@code source}, with the
 * configuration's {@code version}.
 *
 * <p>An answer serves for five seconds, as long as the function itself keeps documents. While the
 * function cannot be reached, the last known answer serves with the reason {@value #STALE}; without
 * one, and for a key that there is not, the caller's default holds and the details say why.
 *
 * <p>Example: {@code OpenFeatureAPI.getInstance().setProviderAndWait(new
 * MeterkiteProvider(URI.create("https://…/customer-config"), tokens::get))}.
 */
public final class MeterkiteProvider implements FeatureProvider {
  /** The attribute of a context that names a scene. */
  public static final String SCENE = "scene_id";

  /** The reason of a value that may be out of date. */
  public static final String STALE = "STALE";

  private final CachedConfigurations configurations;

  /**
   * @param customerConfig where the function {@code customer-config} answers
   * @param token a bearer token of a role that may call it, asked for with each request
   */
  public MeterkiteProvider(URI customerConfig, Supplier<String> token) {
    this(customerConfig, token, InstantSource.system());
  }

  MeterkiteProvider(URI customerConfig, Supplier<String> token, InstantSource clock) {
    this.configurations = new CachedConfigurations(customerConfig, token, clock);
  }

  @Override
  public Metadata getMetadata() {
    return () -> "meterkite";
  }

  @Override
  public ProviderEvaluation<Boolean> getBooleanEvaluation(
      String key, Boolean byDefault, EvaluationContext context) {
    return evaluate(key, context, FlagValues::bool);
  }

  @Override
  public ProviderEvaluation<String> getStringEvaluation(
      String key, String byDefault, EvaluationContext context) {
    return evaluate(key, context, FlagValues::text);
  }

  @Override
  public ProviderEvaluation<Integer> getIntegerEvaluation(
      String key, Integer byDefault, EvaluationContext context) {
    return evaluate(key, context, FlagValues::integer);
  }

  @Override
  public ProviderEvaluation<Double> getDoubleEvaluation(
      String key, Double byDefault, EvaluationContext context) {
    return evaluate(key, context, FlagValues::decimal);
  }

  @Override
  public ProviderEvaluation<Value> getObjectEvaluation(
      String key, Value byDefault, EvaluationContext context) {
    return evaluate(key, context, FlagValues::value);
  }

  private <T> ProviderEvaluation<T> evaluate(
      String key, EvaluationContext context, Function<JsonElement, @Nullable T> read) {
    String customer = context.getTargetingKey();
    if (customer == null || customer.isEmpty()) {
      throw new TargetingKeyMissingError("the targeting key names the customer");
    }
    Value scene = context.getValue(SCENE);
    CachedConfigurations.Known known =
        configurations.of(customer, scene == null ? null : scene.asString());
    JsonObject entry = entry(known.body(), key);
    T value = read.apply(entry.get("value"));
    if (value == null) {
      throw new TypeMismatchError(key + " is " + entry.get("value"));
    }
    String source = entry.get("source").getAsString();
    return ProviderEvaluation.<T>builder()
        .value(value)
        .variant(source)
        .reason(known.stale() ? STALE : reason(source).name())
        .flagMetadata(
            ImmutableMetadata.builder()
                .addString("source", source)
                .addString("version", known.body().get("version").getAsString())
                .build())
        .build();
  }

  private static JsonObject entry(JsonObject configuration, String key) {
    for (String group : new String[] {"feature_flags", "settings"}) {
      JsonObject entries = configuration.getAsJsonObject(group);
      if (entries.has(key)) {
        return entries.getAsJsonObject(key);
      }
    }
    throw new FlagNotFoundError("there is no flag or setting " + key);
  }

  private static Reason reason(String source) {
    return switch (source) {
      case "global" -> Reason.DISABLED;
      case "rollout" -> Reason.SPLIT;
      case "tier" -> Reason.DEFAULT;
      default -> Reason.TARGETING_MATCH;
    };
  }
}

package dev.meterkite.model.customers;

import java.util.Objects;

/**
 * A value of a configuration and where it came from.
 *
 * @param value what holds; Boolean, Long, Double, String, List or Map
 * @param source who said so
 */
public record Setting(Object value, Source source) {

  /** Who said so, in the words of the answer. */
  public enum Source {
    /** {@code _global} switches the feature off for everybody. */
    GLOBAL("global"),
    /** An admin set it, in {@code admin_overrides} of the scene or the customer; no cap applies. */
    ADMIN_OVERRIDE("admin_override"),
    /** An explicit entry in the customer's flag document. */
    FLAG("flag"),
    /** The customer's {@code feature_overrides}. */
    FEATURE_OVERRIDE("feature_override"),
    /** A gradual rollout that has reached this customer. */
    ROLLOUT("rollout"),
    /** What the scene asks for. */
    SCENE("scene"),
    /** What the customer asks for. */
    CUSTOMER("customer"),
    /** A local file, which overrides the documents field by field. */
    FILE("file"),
    /** The tier's row. */
    TIER("tier"),
    /** More was asked for than the tier has; this is what the tier has. */
    TIER_CAP("tier_cap"),
    /** The switch was asked for and the feature of that name is off. */
    FLAG_CAP("flag_cap");

    private final String wire;

    Source(String wire) {
      this.wire = wire;
    }

    /** How it is written in answers. */
    public String wire() {
      return wire;
    }
  }

  public Setting {
    Objects.requireNonNull(value);
    Objects.requireNonNull(source);
  }

  /** Whether this is a switch that is on. */
  public boolean isOn() {
    return value.equals(true);
  }
}

package dev.meterkite.model.stripe;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An object of Stripe, whose shape depends on the version of its API: read by the places where a
 * value has stood. Text, flag or list of a wrong type is absent; a number that is not a whole one
 * is {@link Unreadable}, since money depends on it.
 */
record StripeObject(Map<?, ?> fields) {
  /** A number that is there and cannot be read; the message is its path. */
  static final class Unreadable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unreadable(String path) {
      super(path);
    }
  }

  private static final String[] PRICE = {"price", "pricing.price_details.price", "plan"};
  private static final long LATEST_SECOND = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

  /** The value at a path of members such as {@code parent.subscription_details.metadata}. */
  private @Nullable Object at(String path) {
    Object value = fields;
    for (String member : path.split("\\.", -1)) {
      value = value instanceof Map<?, ?> map ? map.get(member) : null;
    }
    return value;
  }

  /** The first text at one of these paths that is not empty; of an object there, its id. */
  @Nullable String text(String... paths) {
    for (String path : paths) {
      Object value = at(path);
      Object text = value instanceof Map<?, ?> map ? map.get("id") : value;
      if (text instanceof String found && !found.isEmpty()) {
        return found;
      }
    }
    return null;
  }

  /** The integer at a path; 0 where there is none. */
  long whole(String path) {
    return Objects.requireNonNullElse(exact(path), 0L);
  }

  /** The integer at the first of these paths that has one; null where there is none. */
  @Nullable Long amount(String... paths) {
    for (String path : paths) {
      Long amount = exact(path);
      if (amount != null) {
        return amount;
      }
    }
    return null;
  }

  /** The integer at a path; null where there is none. */
  private @Nullable Long exact(String path) {
    Object value = at(path);
    Long exact = exact(value);
    if (exact == null && value != null) {
      throw new Unreadable(path);
    }
    return exact;
  }

  /** An integer; null for a fraction, for what is no number, and for what is out of all range. */
  private static @Nullable Long exact(@Nullable Object value) {
    try {
      return value instanceof BigDecimal number ? (Long) number.longValueExact() : null;
    } catch (ArithmeticException e) {
      return null;
    }
  }

  /** Whether a list such as {@code lines} is there, be it empty. */
  boolean hasList(String path) {
    return at(path) instanceof Map<?, ?> list && list.get("data") instanceof List<?>;
  }

  /** Whether a list says that it goes on, or has members that are no objects. */
  boolean isCutOff(String path) {
    return flag(path + ".has_more")
        || (at(path + ".data") instanceof List<?> members
            && list(path + ".data").size() < members.size());
  }

  /** Whether one of these paths holds a list, an object or a text with something in it. */
  boolean hasAny(String... paths) {
    for (String path : paths) {
      Object value = at(path);
      if ((value instanceof List<?> list && !list.isEmpty())
          || (value instanceof Map<?, ?> map && !map.isEmpty())
          || (value instanceof String text && !text.isEmpty())) {
        return true;
      }
    }
    return false;
  }

  /** The first moment at one of these paths, given in seconds since 1970. */
  @Nullable Instant moment(String... paths) {
    for (String path : paths) {
      long seconds = whole(path);
      if (seconds > 0 && seconds <= LATEST_SECOND) {
        return Instant.ofEpochSecond(seconds);
      }
    }
    return null;
  }

  /** Whether one of these paths holds true. */
  boolean flag(String... paths) {
    for (String path : paths) {
      if (Boolean.TRUE.equals(at(path))) {
        return true;
      }
    }
    return false;
  }

  /** The objects of a list such as {@code lines.data}. */
  List<StripeObject> list(String path) {
    List<StripeObject> list = new ArrayList<>();
    if (at(path) instanceof List<?> members) {
      for (Object member : members) {
        if (member instanceof Map<?, ?> map) {
          list.add(new StripeObject(map));
        }
      }
    }
    return list;
  }

  /** The id of a price: of a line, an item, or one that lists only its plan. */
  String price() {
    return Objects.requireNonNullElse(text(PRICE), "none");
  }

  /** Whether a line or item names a price. */
  boolean hasPrice() {
    return text(PRICE) != null;
  }
}

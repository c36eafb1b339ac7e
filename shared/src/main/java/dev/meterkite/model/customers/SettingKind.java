package dev.meterkite.model.customers;

import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.plans.DataPackTier;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a kind of setting is read from a document and cut to a tier's row.
 *
 * @param <T> what a valid value is
 */
sealed interface SettingKind<T> {
  /** The value, if it is a valid one of this kind. */
  Optional<T> read(@Nullable Object value);

  /** At most the row. */
  T cap(T asked, T row);

  /** A count: a whole number from 0 on, also one that was written as a float. */
  record Count() implements SettingKind<Long> {
    @Override
    public Optional<Long> read(@Nullable Object value) {
      return Optional.ofNullable(FieldValues.integer(value)).filter(count -> count >= 0);
    }

    @Override
    public Long cap(Long asked, Long row) {
      return Math.min(asked, row);
    }
  }

  /** A share: 0 to 1. */
  record Share() implements SettingKind<Double> {
    @Override
    public Optional<Double> read(@Nullable Object value) {
      return Optional.ofNullable(FieldValues.decimal(value))
          .filter(share -> share >= 0 && share <= 1);
    }

    @Override
    public Double cap(Double asked, Double row) {
      return Math.min(asked, row);
    }
  }

  /** A data pack, by its word. */
  record Pack() implements SettingKind<String> {
    @Override
    public Optional<String> read(@Nullable Object value) {
      return value instanceof String word
          ? DataPackTier.parse(word).map(DataPackTier::wire)
          : Optional.empty();
    }

    @Override
    public String cap(String asked, String row) {
      return tier(asked).compareTo(tier(row)) <= 0 ? asked : row;
    }

    private static DataPackTier tier(String word) {
      return DataPackTier.parse(word).orElseThrow();
    }
  }

  /** A list of words; cut to those of the row, in the order asked for. */
  record Words() implements SettingKind<List<String>> {
    @Override
    public Optional<List<String>> read(@Nullable Object value) {
      if (!(value instanceof List<?> list)) {
        return Optional.empty();
      }
      List<String> words = new ArrayList<>();
      for (Object item : list) {
        if (!(item instanceof String word)) {
          return Optional.empty();
        }
        words.add(word);
      }
      return Optional.of(List.copyOf(words));
    }

    @Override
    public List<String> cap(List<String> asked, List<String> row) {
      return asked.stream().filter(row::contains).toList();
    }
  }

  /** On or off. */
  record Switch() implements SettingKind<Boolean> {
    @Override
    public Optional<Boolean> read(@Nullable Object value) {
      return value instanceof Boolean on ? Optional.of(on) : Optional.empty();
    }

    @Override
    public Boolean cap(Boolean asked, Boolean row) {
      return asked && row;
    }
  }
}

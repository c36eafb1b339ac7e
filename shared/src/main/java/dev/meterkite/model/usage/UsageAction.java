package dev.meterkite.model.usage;

import java.util.regex.Pattern;

/**
 * Words for what was used. The list is open: any snake_case word of 1 to {@value #MAX_LENGTH}
 * characters is an action; those below are the ones that the rules know.
 */
public final class UsageAction {
  /** One scene; counts against the monthly quota. */
  public static final String SCENE_GENERATED = "scene_generated";

  /** Episodes of a scene, as many as {@code episodes_generated} says. */
  public static final String EPISODES_GENERATED = "episodes_generated";

  /** Something sold on top. */
  public static final String UPSELL_APPLIED = "upsell_applied";

  /** The longest word; ids of records carry it. */
  public static final int MAX_LENGTH = 100;

  private static final Pattern SNAKE_CASE = Pattern.compile("[a-z][a-z0-9]*(_[a-z0-9]+)*");

  private UsageAction() {}

  /** Whether this may stand in the field {@code action}. */
  public static boolean isAction(String word) {
    return word.length() <= MAX_LENGTH && SNAKE_CASE.matcher(word).matches();
  }
}

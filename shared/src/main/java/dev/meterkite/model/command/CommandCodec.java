package dev.meterkite.model.command;

import dev.meterkite.model.document.Digests;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The commands and refusals of one domain as data, so that another instance can decide them.
 *
 * <p>A command travels without the documents in {@link Command#seen}: the receiver reads them
 * again. Everything else arrives as it was, which {@code CommandCodecTest} checks for the commands
 * of every domain.
 *
 * <p>{@link #version} changes with every change to the shape of the commands or to the list of
 * refusals, so that instances of different releases recognise what they cannot exchange. A change
 * of rules that leaves the shape alone needs no version: the receiver's rules count, as they do for
 * a request that the receiver gets itself.
 *
 * @param <I> the input of the commands
 */
public final class CommandCodec<I> {
  private static final String OWNER = "owner";
  private static final String OPERATION = "operation";
  private static final String KEY = "key";
  private static final String REQUEST_HASH = "request_hash";
  private static final String INPUT = "input";
  private static final String MARKERS = "markers";
  private static final String READS = "reads";
  private static final int VERSION_BYTES = 9;

  private final Class<I> input;
  private final List<Outcome> outcomes;
  private final String domain;
  private volatile @Nullable String version;

  /**
   * @param domain its name, such as {@code credits}
   * @param input the type of the commands' input: a record, or a sealed interface of records
   * @param outcomes all refusals of the domain
   */
  public CommandCodec(String domain, Class<I> input, List<? extends Outcome> outcomes) {
    this.domain = domain;
    this.input = input;
    this.outcomes = List.copyOf(outcomes);
  }

  private static String hash(String text) {
    return HexFormat.of().formatHex(Digests.sha256(text), 0, VERSION_BYTES);
  }

  /**
   * What two instances must have in common to exchange commands, such as {@code credits-5f0c…}.
   * Made when first asked for: most processes never exchange any, and to look at the shape of all
   * commands takes as long as some hundred debits.
   */
  public String version() {
    String known = version;
    if (known == null) {
      known = domain + "-" + hash(ValueCodec.shape(input) + outcomes);
      version = known;
    }
    return known;
  }

  /**
   * The command as a tree of maps, lists, strings, longs, booleans and nulls.
   *
   * @throws IllegalArgumentException if its input holds a value that has no such form
   */
  public Map<String, Object> encode(Command<I> command) {
    Set<Read> reads = new LinkedHashSet<>(command.reads());
    for (Snapshot seen : command.seen()) {
      if (!seen.ref().equals(command.owner())) {
        reads.add(new Read.Get(seen.ref()));
      }
    }
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put(OWNER, tree(command.owner(), DocRef.class));
    tree.put(OPERATION, command.operation());
    if (command.key() != null) {
      tree.put(KEY, command.key());
    }
    tree.put(REQUEST_HASH, command.requestHash());
    tree.put(INPUT, tree(command.input(), input));
    tree.put(MARKERS, command.markers().stream().map(ref -> tree(ref, DocRef.class)).toList());
    tree.put(READS, reads.stream().map(read -> tree(read, Read.class)).toList());
    return tree;
  }

  private static Object tree(Object value, Class<?> type) {
    return Objects.requireNonNull(ValueCodec.encode(value, type));
  }

  /**
   * The command of a tree.
   *
   * @throws IllegalArgumentException if it is not one of this version
   */
  public Command<I> decode(Map<?, ?> tree) {
    List<DocRef> markers = new ArrayList<>();
    list(tree, MARKERS).forEach(each -> markers.add(value(each, DocRef.class)));
    List<Read> reads = new ArrayList<>();
    list(tree, READS).forEach(each -> reads.add(value(each, Read.class)));
    return new Command<>(
        value(tree.get(OWNER), DocRef.class),
        value(tree.get(OPERATION), String.class),
        (String) ValueCodec.decode(tree.get(KEY), String.class),
        value(tree.get(REQUEST_HASH), String.class),
        value(tree.get(INPUT), input),
        markers,
        List.of(),
        reads);
  }

  private static List<?> list(Map<?, ?> tree, String name) {
    if (tree.get(name) instanceof List<?> list) {
      return list;
    }
    throw new IllegalArgumentException("no list of " + name);
  }

  private static <T> T value(@Nullable Object tree, Class<T> type) {
    Object value = ValueCodec.decode(tree, type);
    if (value == null) {
      throw new IllegalArgumentException("no " + type.getSimpleName());
    }
    return type.cast(value);
  }

  /** The figures of a refusal as a tree. */
  public Map<String, Object> encodeFigures(Map<String, Object> figures) {
    Map<String, Object> tree = new LinkedHashMap<>();
    ((Map<?, ?>) tree(figures, Object.class)).forEach((key, each) -> put(tree, key, each));
    return tree;
  }

  /** The figures of such a tree. */
  public Map<String, Object> decodeFigures(Map<?, ?> tree) {
    Map<String, Object> figures = new LinkedHashMap<>();
    ((Map<?, ?>) value(tree, Object.class)).forEach((key, each) -> put(figures, key, each));
    return figures;
  }

  @SuppressWarnings("NullAway") // figures may be null
  private static void put(Map<String, Object> into, Object key, @Nullable Object value) {
    into.put((String) key, value);
  }

  /** The name of a refusal; empty for one that the domain does not list. */
  public Optional<String> name(Outcome outcome) {
    return outcomes.contains(outcome) ? Optional.of(outcome.toString()) : Optional.empty();
  }

  /** The refusal of this name; empty for one that the domain does not list. */
  public Optional<Outcome> outcome(String name) {
    return outcomes.stream().filter(each -> each.toString().equals(name)).findFirst();
  }
}

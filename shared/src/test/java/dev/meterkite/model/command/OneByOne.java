package dev.meterkite.model.command;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Documents in a map, and commands decided on them one after another: each owner is decoded afresh,
 * so that every command also tests the codec.
 */
public final class OneByOne<S, I> {
  private final Rules<S, I> rules;
  private final Map<DocRef, Map<String, Object>> documents = new LinkedHashMap<>();
  private int commits;

  public OneByOne(Rules<S, I> rules) {
    this.rules = rules;
  }

  public Snapshot get(DocRef ref) {
    Map<String, Object> fields = documents.get(ref);
    return fields == null ? Snapshot.absent(ref) : new Snapshot(ref, fields, Instant.EPOCH);
  }

  public void put(DocRef ref, Map<String, Object> fields) {
    documents.put(ref, copy(fields));
  }

  public List<Snapshot> in(String collection) {
    return documents.keySet().stream()
        .filter(ref -> ref.collection().equals(collection))
        .map(this::get)
        .toList();
  }

  public int commits() {
    return commits;
  }

  public S state(DocRef owner) {
    return rules.decode(get(owner));
  }

  public Decision<S> decide(Command<I> command, Instant now) {
    S state = state(command.owner());
    Map<DocRef, Snapshot> read = new HashMap<>();
    Decision<S> decision = rules.decide(state, seen(read), command, now);
    for (int round = 0; decision instanceof Decision.NeedsReads<S> needs; round++) {
      if (round == 3) {
        throw new AssertionError("asks for reads for ever: " + needs);
      }
      needs
          .reads()
          .forEach(want -> read.put(((Read.Get) want).ref(), get(((Read.Get) want).ref())));
      decision = rules.decide(state, seen(read), command, now);
    }
    if (decision instanceof Decision.Applied<S> applied) {
      commits++;
      merge(command.owner(), rules.changes(state, applied.next()));
      for (Write write : applied.writes()) {
        apply(write);
      }
    }
    return decision;
  }

  /** The answer of a command that must not be refused. */
  public Map<String, Object> answer(Command<I> command, Instant now) {
    Decision<S> decision = decide(command, now);
    if (decision instanceof Decision.Applied<S> applied) {
      return applied.answer();
    }
    if (decision instanceof Decision.Unchanged<S> unchanged) {
      return unchanged.answer();
    }
    throw new AssertionError("refused: " + decision);
  }

  private void apply(Write write) {
    if (write instanceof Write.Create create) {
      if (documents.containsKey(create.ref())) {
        throw new AssertionError("exists: " + create.ref());
      }
      documents.put(create.ref(), copy(create.fields()));
    } else if (write instanceof Write.Update update) {
      merge(update.ref(), update.fields());
    } else if (write instanceof Write.Merge merge) {
      merge(merge.ref(), merge.fields());
    } else {
      throw new AssertionError("not expected here: " + write);
    }
  }

  @SuppressWarnings("unchecked")
  public void merge(DocRef ref, Map<String, Object> fields) {
    Map<String, Object> document = documents.computeIfAbsent(ref, key -> new LinkedHashMap<>());
    fields.forEach(
        (path, value) -> {
          List<String> segments = FieldPath.segments(path);
          Map<String, Object> in = document;
          for (String segment : segments.subList(0, segments.size() - 1)) {
            in =
                (Map<String, Object>)
                    in.compute(
                        segment,
                        (key, old) ->
                            old instanceof Map<?, ?> map
                                ? new LinkedHashMap<>(map)
                                : new LinkedHashMap<>());
          }
          String last = segments.get(segments.size() - 1);
          if (value == Write.REMOVED) {
            in.remove(last);
          } else {
            in.put(last, value);
          }
        });
  }

  private static Map<String, Object> copy(Map<String, Object> fields) {
    return new LinkedHashMap<>(fields);
  }

  private static Seen seen(Map<DocRef, Snapshot> read) {
    return new Seen() {
      @Override
      public boolean has(Read want) {
        return want instanceof Read.Get get && read.containsKey(get.ref());
      }

      @Override
      public Snapshot document(DocRef ref) {
        if (!read.containsKey(ref)) {
          throw new IllegalStateException("not read: " + ref);
        }
        return read.get(ref);
      }

      @Override
      public List<RefusedCommand> refusals() {
        return List.of();
      }

      @Override
      public List<Snapshot> found(Query query) {
        throw new IllegalStateException("not asked: " + query);
      }
    };
  }
}

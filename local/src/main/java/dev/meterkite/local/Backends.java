package dev.meterkite.local;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Where each function answers: the ports of the processes that host it, taken in turn. */
final class Backends {
  private record Ports(List<Integer> live, AtomicInteger turn) {}

  private final Map<String, Ports> byFunction = new LinkedHashMap<>();

  Backends(List<String> functions) {
    for (String function : functions) {
      byFunction.put(function, new Ports(new CopyOnWriteArrayList<>(), new AtomicInteger()));
    }
  }

  void add(Map<String, Integer> ports) {
    ports.forEach((function, port) -> of(function).live().add(port));
  }

  void remove(Map<String, Integer> ports) {
    ports.forEach((function, port) -> of(function).live().remove(port));
  }

  private Ports of(String function) {
    Ports ports = byFunction.get(function);
    if (ports == null) {
      throw new IllegalArgumentException("no function " + function);
    }
    return ports;
  }

  boolean knows(String function) {
    return byFunction.containsKey(function);
  }

  /** The port whose turn it is; empty while no process hosts the function. */
  Optional<Integer> next(String function) {
    Ports ports = of(function);
    List<Integer> live = List.copyOf(ports.live());
    return live.isEmpty()
        ? Optional.empty()
        : Optional.of(live.get(Math.floorMod(ports.turn().getAndIncrement(), live.size())));
  }

  /** One port a function, for those that are hosted. */
  Map<String, Integer> first() {
    Map<String, Integer> first = new LinkedHashMap<>();
    byFunction.forEach(
        (function, ports) ->
            ports.live().stream().findFirst().ifPresent(port -> first.put(function, port)));
    return first;
  }

  boolean complete() {
    return first().size() == byFunction.size();
  }
}

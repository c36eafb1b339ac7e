package dev.meterkite.functions.store;

import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.functions.Settings;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.MethodDescriptor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Firestore's store on the emulator, in a project of its own, with its calls counted at the gRPC
 * layer.
 */
public final class EmulatedStore {
  private final Map<String, AtomicLong> calls = new ConcurrentHashMap<>();
  private final String project = EmulatorForTests.freshProject();
  private final Settings settings =
      new Settings(
          Map.of(
              "FIRESTORE_EMULATOR_HOST",
              EmulatorForTests.shared().host(),
              "GOOGLE_CLOUD_PROJECT",
              project));
  private final FirestoreStore store =
      FirestoreStore.open(
          settings, () -> List.of(new Counter()), new Reconnection(System::nanoTime));

  /** The store. */
  public FirestoreStore store() {
    return store;
  }

  /** The settings that lead to it. */
  public Settings settings() {
    return settings;
  }

  /** Its project. */
  public String project() {
    return project;
  }

  /** How often a method such as {@code Commit} was called; one call is one round trip. */
  public long calls(String method) {
    return calls.getOrDefault(method, new AtomicLong()).get();
  }

  private final class Counter implements ClientInterceptor {
    @Override
    public <A, B> ClientCall<A, B> interceptCall(
        MethodDescriptor<A, B> method, CallOptions options, Channel next) {
      String name = String.valueOf(method.getBareMethodName());
      calls.computeIfAbsent(name, each -> new AtomicLong()).incrementAndGet();
      return new ForwardingClientCall.SimpleForwardingClientCall<>(
          next.newCall(method, options)) {};
    }
  }
}

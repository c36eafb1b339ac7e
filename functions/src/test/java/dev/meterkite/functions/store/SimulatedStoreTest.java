package dev.meterkite.functions.store;

import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.functions.simulated.Simulation;
import java.util.concurrent.CompletableFuture;

class SimulatedStoreTest extends StoreQueryContract {
  private final Simulation simulation = new Simulation(1);
  private final SimulatedStore store = new SimulatedStore(simulation, Faults.NONE);

  @Override
  Store store() {
    return store;
  }

  @Override
  <T> T await(CompletableFuture<T> call) {
    return simulation.await(call);
  }
}

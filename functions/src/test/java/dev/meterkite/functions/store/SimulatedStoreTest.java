package dev.meterkite.functions.store;

import java.util.concurrent.CompletableFuture;

class SimulatedStoreTest extends StoreContract {
  private final Simulation simulation = new Simulation(1);
  private final SimulatedStore store = new SimulatedStore(simulation, SimulatedStore.Faults.NONE);

  @Override
  Store store() {
    return store;
  }

  @Override
  <T> T await(CompletableFuture<T> call) {
    return simulation.await(call);
  }
}

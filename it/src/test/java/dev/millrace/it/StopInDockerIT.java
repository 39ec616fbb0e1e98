package dev.millrace.it;

/** The same in containers. */
class StopInDockerIT extends StopIT {
  @Override
  Runs open() {
    return Runs.inDocker();
  }
}

package dev.millrace.it;

/** The same in containers. */
class IsolationInDockerIT extends IsolationIT {
  @Override
  Runs open() {
    return Runs.inDocker();
  }
}

package dev.millrace.it;

/** The same in containers. */
class FieldLogInDockerIT extends FieldLogIT {
  @Override
  Runs open() {
    return Runs.inDocker();
  }
}

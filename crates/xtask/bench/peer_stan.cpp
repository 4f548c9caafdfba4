// Times a Stan program: PROGRAM DATA.json DRAWS, built with peer_stan.py's flags.
//
// Prints one JSON line: process-CPU microseconds of DRAWS gradients of the log density with its Jacobian, and that density at
// the unconstrained origin. The gradients are those of Stan's own variational inference and sampling: constant terms of `~`
// statements are left out, since some cost as much as the gradient (lgamma of each count). The density at the origin has them.
#include <stan/model/model_header.hpp> // the precompiled one comes first

#include <stan/io/json/json_data.hpp>
#include <stan/model/gradient.hpp>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <random>
#include <vector>

// What stanc writes into each program.
stan::model::model_base& new_model(stan::io::var_context& data, unsigned int seed, std::ostream* messages);

static double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

class Gradients {
 public:
  explicit Gradients(const stan::model::model_base& model) : model_(model) {
    // Several points near the origin, as a guide's draws are: a single one would teach the machine its branches by heart.
    std::mt19937_64 random(1);
    std::normal_distribution<double> normal(0, 0.1);
    for (int i = 0; i < 16; ++i) {
      points_.push_back(Eigen::VectorXd::NullaryExpr(model.num_params_r(), [&] { return normal(random); }));
    }
  }

  double seconds(long gradients) {
    const double start = cpu_seconds();
    for (long i = 0; i < gradients; ++i) {
      stan::model::gradient(model_, points_[next_++ % points_.size()], value_, gradient_);
    }
    return cpu_seconds() - start;
  }

  bool finite() const { return std::isfinite(value_) && gradient_.allFinite(); }

 private:
  const stan::model::model_base& model_;
  std::vector<Eigen::VectorXd> points_;
  std::size_t next_ = 0;
  double value_ = 0;
  Eigen::VectorXd gradient_;
};

static void measure(const char* path, long draws) {
  std::ifstream file(path);
  stan::json::json_data data(file);
  stan::model::model_base& model = new_model(data, 1, &std::cerr);

  Eigen::VectorXd origin = Eigen::VectorXd::Zero(model.num_params_r());
  const double at_origin = model.log_prob_jacobian(origin, &std::cerr);

  Gradients gradients(model);
  gradients.seconds(16);
  if (!gradients.finite()) throw std::domain_error("the gradient is not finite near the origin");
  long batch = draws;
  while (gradients.seconds(batch) < 0.025) batch *= 2;
  std::vector<double> times;
  for (int i = 0; i < 15; ++i) times.push_back(gradients.seconds(batch) / batch * draws);
  std::sort(times.begin(), times.end());

  std::cout.precision(15);
  std::cout << "{\"gradient_us\": " << times[7] * 1e6 << ", \"log_density_at_origin\": " << at_origin << "}" << std::endl;
}

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "usage: " << arguments[0] << " DATA.json DRAWS" << std::endl;
    return 2;
  }
  try {
    measure(arguments[1], std::max(1L, std::atol(arguments[2])));
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
  return 0;
}
